"""What the tests of training share, built once a session: a tiny untrained model, and shards as the trainer reads them."""

import io
import os
from pathlib import Path
from typing import Any

import PIL.Image
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Features, Image, List, Value

from curation.core.schema import SCHEMA_VERSION

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

MESSAGES = List({"role": Value("string"), "content": Value("string")})
STRINGS = ("id", "answer", "answer_kind", "answer_options", "source", "domain")
FEATURES = Features(
    {"prompt": MESSAGES, "completion": MESSAGES, "images": List(Image())} | {name: Value("string") for name in STRINGS}
)


SCHEMA = FEATURES.arrow_schema.with_metadata(
    {**FEATURES.arrow_schema.metadata, b"ovr.schema_version": SCHEMA_VERSION.encode()}
)


ON_CPU: dict[str, Any] = {"report_to": "none", "use_cpu": True, "bf16": False, "gradient_checkpointing": False}
"""Options of a run that tests make, for TRL's configurations and for the command line."""


def command_line(command: str, data: Path, model: Path, out: Path, *more: str, **options: Any) -> list[str]:
    """A run of `ovr-train` on the CPU; `options` by name, then words as they are, which win."""
    given = {"data": data, "model_name_or_path": model, "output_dir": out, **ON_CPU, **options}
    words = [command]
    for name, value in given.items():
        words += [f"--{name}", *map(str, value if isinstance(value, list) else [value])]
    return [*words, *more]


def png(color: str) -> bytes:
    """A 56 x 56 image of one color."""
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (56, 56), color).save(buffer, "PNG")
    return buffer.getvalue()


def row(number: int, color: str | None = None) -> dict[str, Any]:
    """A text row, or an image row where a color is given."""
    question = f"What is {number} + 1?" if color is None else "How many red shapes are there?"
    return {
        "id": f"{number:032x}",
        "prompt": [{"role": "user", "content": question}],
        "completion": [
            {"role": "assistant", "content": f"<think>{number} + 1 = {number + 1}.</think> \\boxed{{{number + 1}}}"}
        ],
        "images": [] if color is None else [{"bytes": png(color), "path": None}],
        "answer": str(number + 1),
        "answer_kind": "number",
        "answer_options": "{}",
        "source": "sums" if color is None else "shapes",
        "domain": "mathematics" if color is None else "puzzle",
    }


def write_shard(path: Path, rows: list[dict[str, Any]], version: str | None = SCHEMA_VERSION) -> Path:
    """Write rows as one shard; returns its folder."""
    schema = FEATURES.arrow_schema
    if version is not None:
        schema = schema.with_metadata({**schema.metadata, b"ovr.schema_version": version.encode()})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return path.parent


def add_difficulty(path: Path, difficulties: list[dict[str, Any] | None], template_hash: str = "abc") -> None:
    """Give the rows of a shard their measured difficulty, and the shard the hash of its prompts' template."""
    column = pa.array(difficulties)
    features = {**FEATURES, **Features.from_arrow_schema(pa.schema([("difficulty", column.type)]))}
    schema = Features(features).arrow_schema
    metadata = {b"ovr.schema_version": SCHEMA_VERSION.encode(), b"ovr.prompt_template_hash": template_hash.encode()}
    table = pq.read_table(path).append_column("difficulty", column).cast(schema)
    pq.write_table(table.replace_schema_metadata({**schema.metadata, **metadata}), path)


@pytest.fixture(scope="session")
def mixed_shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build's directory with an rl and a cold_start config of eight rows; in rl every second row has an image."""
    build = tmp_path_factory.mktemp("build")
    rows = [row(i, "red" if i % 2 else None) for i in range(8)]
    for split in ("train", "test"):
        write_shard(build / "data" / "rl" / f"{split}-00000-of-00001.parquet", rows)
    write_shard(build / "data" / "cold_start" / "train-00000-of-00001.parquet", [row(i) for i in range(8)])
    return build


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one model of these tests, not to be written to: the micro model's architecture with one layer each, untrained."""
    import torch

    from training.demo.micro_model import TRACE_WORDS, Recipe, new_model, new_processor

    recipe = Recipe(hidden_size=64, n_layers=1, n_vision_layers=1)
    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    processor = new_processor(TRACE_WORDS.splitlines(), recipe)
    new_model(processor.tokenizer, recipe).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
