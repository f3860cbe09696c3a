"""What the columns of a row may hold: known words, numbers that are numbers, JSON that is JSON, licences that are allowed."""

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any, ClassVar, Literal, get_args

from curation.commands.check.base import Finding, RowCheck, Said
from curation.commands.check.subject import Frame
from curation.core.row import Role
from curation.core.schema import LITERALS
from curation.release.licences import Release

TODO = "copy or build the file again"
NEVER_NULL = ("id", "prompt", "answer", "answer_kind", "source", "source_id", "license", "weight", "provenance")


class Values(RowCheck):
    """Single values of a row."""

    kind: Literal["values"] = "values"
    place: ClassVar[int] = 40

    def row(self, frame: Frame, record: dict[str, Any]) -> Iterator[Said]:
        for name, value in record.items():
            if value is None and name in NEVER_NULL:
                yield Finding("", f"{name} is null", TODO)
        known = {k: v for k, v in record.items() if v is not None}
        yield from (Finding("", what, TODO) for what in _words(frame, known))
        yield from (Finding("", what, TODO) for what in _shapes(known))
        license = known.get("license")
        if frame.allowed is not None and license is not None and not Release(allow=frame.allowed).allows(license):
            what = f"its licence {license!r} is not one that the release allows ({', '.join(frame.allowed)})"
            yield Finding("", what, "take the row out before anything is published")


def _words(frame: Frame, record: dict[str, Any]) -> Iterator[str]:
    """Columns of which the values are known."""
    for name, allowed in LITERALS.items():
        if name in record and record[name] not in allowed:
            yield f"{name} is {record[name]!r:.80}, expected one of {', '.join(map(repr, sorted(allowed)))}"
    if frame.sources and record.get("source") not in frame.sources:
        yield f"source is {record.get('source')!r:.80}, which is no source of the manifest"


def _shapes(record: dict[str, Any]) -> Iterator[str]:
    for name in ("weight", "loss", "rsr", "n_tokens"):
        number = record.get(name)
        if number is not None and not (isfinite(number) and (number >= 0 or name == "rsr")):
            yield f"{name} is {number}, expected a number from 0 on"
    if any((n or 0) < 0 for n in (record.get("behaviors") or {}).values()):
        yield f"behaviors has a count below 0: {record['behaviors']}"
    prompt = record.get("prompt")
    if prompt is not None:
        roles = [message["role"] for message in prompt]
        if not roles or roles[-1] != "user" or not set(roles) <= set(get_args(Role)):
            yield f"the roles of its prompt are {', '.join(map(str, roles)) or 'none'}, expected known ones that end with user"
    for name, kind in (("answer_options", dict), ("provenance", list)):
        try:
            if name in record and not isinstance(json.loads(record[name]), kind):
                yield f"{name} is JSON of another form: {record[name]!r:.80}"
        except ValueError:
            yield f"{name} is no JSON: {record[name]!r:.80}"
