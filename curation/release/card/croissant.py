"""`croissant.json`: the set in the vocabulary of MLCommons' Croissant 1.1 with its responsible-AI fields, as `mlcroissant` validates it.

Every shard is a file with its SHA-256; a config's record set reads its shards by columns.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.digests import sha256_of
from curation.core.parquet import write_text
from curation.release.card.limits import limits_of
from curation.release.dataset import Dataset
from curation.release.licence_names import licence_name

CROISSANT = "croissant.json"
CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column", "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract", "field": "cr:field", "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject", "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField",
    "path": "cr:path", "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated",
    "replace": "cr:replace", "samplingRate": "cr:samplingRate", "sc": "https://schema.org/", "separator": "cr:separator",
    "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip


def write_croissant(dataset: Dataset) -> Path:
    """Write the metadata; its bytes depend on the files of the folder alone."""
    write_text(dataset.path / CROISSANT, croissant_text(dataset))
    return dataset.path / CROISSANT


def croissant_text(dataset: Dataset) -> str:
    """The metadata as the file has them."""
    return json.dumps(croissant(dataset), indent=1, ensure_ascii=False) + "\n"


def croissant(dataset: Dataset) -> dict[str, Any]:
    """The metadata as JSON-LD."""
    name, limits = dataset.summary["name"], limits_of(dataset)
    licences = sorted({licence_name(licence) for one in _described(dataset) for licence in one["kept"]["license"]})
    sources = sorted({source for one in _described(dataset) for source in one["kept"]["source"]})
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": name,
        "description": f"{name}: curated reasoning data with verifiable answers, build {dataset.summary['build']}.",
        "license": licences,
        "version": "1.0.0",
        "citeAs": "arXiv:2507.05255",
        "rai:dataCollection": f"Read from {', '.join(sources)}; README.md has their origins, licences and counts.",
        "rai:dataPreprocessingProtocol": "README.md has every step with its thresholds; manifest.lock.yaml all options.",
        "rai:dataLimitations": limits,
        "rai:dataUseCases": "Training of models that reason, by reinforcement learning or supervised fine-tuning.",
        "distribution": [part for config in dataset.configs for part in _files(dataset, config)],
        "recordSet": [_record_set(dataset, config) for config in dataset.configs],
    }


def _described(dataset: Dataset) -> list[dict[str, Any]]:
    return [dataset.summary["configs"][config] for config in dataset.configs]


def _files(dataset: Dataset, config: Any) -> Iterator[dict[str, Any]]:
    for shard in dataset.shards(config):
        yield {
            "@type": "cr:FileObject",
            "@id": shard.relative_to(dataset.path).as_posix(),
            "name": shard.name,
            "contentUrl": shard.relative_to(dataset.path).as_posix(),
            "contentSize": f"{shard.stat().st_size} B",
            "encodingFormat": "application/x-parquet",
            "sha256": sha256_of(shard),
        }
    yield {
        "@type": "cr:FileSet",
        "@id": f"{config}-files",
        "name": f"{config}-files",
        "encodingFormat": "application/x-parquet",
        "includes": f"data/{config}/*.parquet",
    }


def _record_set(dataset: Dataset, config: Any) -> dict[str, Any]:
    schema = pq.read_schema(dataset.shards(config)[0])
    return {
        "@type": "cr:RecordSet",
        "@id": config,
        "name": config,
        "description": f"The rows of {config}.",
        "field": [_field(config, field.name, field.type) for field in schema],
    }


def _field(config: str, name: str, type: pa.DataType) -> dict[str, Any]:
    """A column; of structs and lists of structs the members are fields below it, of images the picture."""
    described: dict[str, Any] = {"@type": "cr:Field", "@id": f"{config}/{name}", "name": name}
    is_list = pa.types.is_list(type)
    inner = type.value_type if is_list else type
    if is_list:
        described["repeated"] = True
    if not pa.types.is_struct(inner):
        return described | {"dataType": _data_type(inner), "source": _column(config, name)}
    if name == "images":
        return described | {"dataType": "sc:ImageObject", "source": _column(config, name, "bytes")}
    members = [
        {
            "@type": "cr:Field",
            "@id": f"{config}/{name}/{member.name}",
            "name": member.name,
            "dataType": _data_type(member.type),
            "source": _column(config, name, member.name),
        }
        for member in inner
        if not pa.types.is_nested(member.type)
    ]
    return described | {"subField": members}


def _column(config: str, name: str, member: str = "") -> dict[str, Any]:
    """Where a field is read from: a column of the shards, or a member of the structs in it."""
    transform = {"transform": {"jsonPath": member}} if member else {}
    return {"fileSet": {"@id": f"{config}-files"}, "extract": {"column": name}, **transform}


def _data_type(type: pa.DataType) -> str:
    if pa.types.is_integer(type):
        return "sc:Integer"
    if pa.types.is_floating(type):
        return "sc:Float"
    return "sc:Boolean" if pa.types.is_boolean(type) else "sc:Text"
