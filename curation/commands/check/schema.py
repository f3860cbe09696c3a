"""The schema of every shard: its version, its columns and their types, the features that `datasets` reads, whose it says it is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import pyarrow as pa

import curation.core
from curation.commands.check.base import Check, Finding, Looked, Said, Skipped
from curation.commands.check.subject import Shard, Subject
from curation.core.schema import SCHEMA_VERSION, released_schema, version_fault, version_of
from curation.sampling.template import template_hash

AGAIN = "build the set again"


class Schema(Check):
    """Version, columns, types, `huggingface` features and the metadata of the shards."""

    kind: Literal["schema"] = "schema"
    place: ClassVar[int] = 20

    def run(self, subject: Subject) -> Iterator[Said]:
        plain = {config: released_schema(config, {}) for config in {shard.config for shard in subject.shards}}
        for shard in subject.shards:
            name = subject.name(shard.path)
            version = version_of(shard.schema)
            if fault := version_fault(version):
                what, _, todo = fault.partition("; ")
                yield Finding(name, what, todo)
            elif version != SCHEMA_VERSION:
                yield Skipped(
                    f"types of the shards of version {version} of the schema, which is {SCHEMA_VERSION} today", 1
                )
                yield from (
                    Finding(name, f"the column {one!r} is missing", AGAIN) for one in _missing_of(version, shard)
                )
                continue
            yield from (Finding(name, what, todo) for what, todo in _columns(shard, plain[shard.config]))
            yield from (Finding(name, what, todo) for what, todo in _features(shard))
            yield from (Finding(name, what, todo) for what, todo in _origin(subject, shard))
        yield from _agree(subject)
        if not subject.dataset.lock.get("build"):
            yield Skipped("whose shards they are: the lock does not say `build`")
        yield Looked(len(subject.shards), "shards")


def _missing_of(version: str, shard: Shard) -> Iterator[str]:
    """Columns that an earlier version had and the shard has not."""
    recorded = json.loads((Path(curation.core.__path__[0]) / "released_columns.json").read_text())
    yield from (name for name in recorded.get(version, {}).get(shard.config, ()) if name not in shard.schema.names)


def _columns(shard: Shard, expected: pa.Schema) -> Iterator[tuple[str, str]]:
    for field in expected:
        if field.name not in shard.schema.names:
            yield f"the column {field.name!r} is missing", AGAIN
        elif not _same_type(shard.schema.field(field.name).type, field.type):
            yield f"the column {field.name!r} is {shard.schema.field(field.name).type}, expected {field.type}", AGAIN


def _same_type(found: pa.DataType, expected: pa.DataType) -> bool:
    """Whether a type is the expected one; of a struct more fields do no harm, and fewer are those of an earlier version of `difficulty`."""
    if pa.types.is_struct(expected) and pa.types.is_struct(found):
        there = {field.name: field.type for field in found}
        known = {field.name: field.type for field in expected}
        return all(_same_type(there[name], known[name]) for name in there.keys() & known.keys()) and bool(there)
    if pa.types.is_list(expected) and pa.types.is_list(found):
        return _same_type(found.value_type, expected.value_type)
    return bool(found.equals(expected))


def _features(shard: Shard) -> Iterator[tuple[str, str]]:
    """The `huggingface` key: without it images are bytes to whoever loads the set."""
    todo = "write the shard again with its metadata, or build the set again"
    try:
        features: dict[str, Any] = json.loads((shard.schema.metadata or {})[b"huggingface"])["info"]["features"]
    except KeyError:
        yield "its metadata has no `huggingface` features: images would load as bytes", todo
        return
    except ValueError:
        yield "its `huggingface` metadata is no JSON", todo
        return
    if set(features) != set(shard.schema.names):
        odd = ", ".join(sorted(set(features) ^ set(shard.schema.names)))
        yield f"its `huggingface` features and its columns differ in {odd}", todo
    elif "images" in features and '"Image"' not in json.dumps(features["images"]):
        yield "its `huggingface` features do not say that `images` are images", todo


def _origin(subject: Subject, shard: Shard) -> Iterator[tuple[str, str]]:
    """The metadata against the lock: config, build, manifest, seed, template."""
    lock = subject.dataset.lock
    manifest = lock.get("manifest") or {}
    template = str(manifest.get("prompt_template"))
    expected = {
        "config": shard.config,
        "build": None if shard.control else (lock.get("build") or {}).get(shard.config),
        "manifest": None if shard.control else manifest.get("name"),
        "seed": str(manifest.get("seed")),
        "prompt_template": template,
        "prompt_template_hash": template_hash(template),
    }
    for key, value in expected.items():
        if value is not None and (found := shard.metadata(key)) != value:
            got = "none" if found is None else repr(found)
            yield (
                f"ovr.{key} is {got}, manifest.lock.yaml says {value!r}",
                "it is of another build; copy all files of one",
            )


def _agree(subject: Subject) -> Iterator[Said]:
    """The shards of a config among themselves."""
    first: dict[tuple[str, str], Shard] = {}
    for shard in subject.shards:
        one = first.setdefault((shard.config, shard.control), shard)
        if not shard.schema.equals(one.schema):
            odd = [f.name for f in shard.schema if f.name not in one.schema.names or one.schema.field(f.name) != f]
            odd += [name for name in one.schema.names if name not in shard.schema.names]
            what = f"its schema is not that of {one.path.name}: {', '.join(odd) or 'the order of the columns'}"
            yield Finding(subject.name(shard.path), what, AGAIN)
