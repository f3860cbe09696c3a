"""Small shards and a model's folder, whole ones; a test copies them and builds its fault in."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.training.conftest import row, write_shard
from training.arguments import GRPOArguments, SFTArguments
from training.preflight.subject import Subject

Rows = list[dict[str, Any]]


def rows() -> Rows:
    return [row(i, "red" if i % 2 else None) for i in range(8)]


def text_rows() -> Rows:
    return [row(i) for i in range(8)]


def write(build: Path, config: str, held: Rows, name: str = "train-00000-of-00001", version: str = "1") -> Path:
    """A build's directory with these rows, whatever further columns they have."""
    path = build / "data" / config / f"{name}.parquet"
    write_shard(path, held, version)
    for extra, kind in (("weight", pa.float64()), ("verified", pa.string())):
        if any(extra in one for one in held):
            table = pq.read_table(path)
            pq.write_table(table.append_column(extra, pa.array([one.get(extra) for one in held], kind)), path)
    return build


def subject(command: str, data: Path, model: Path, **changes: Any) -> Subject:
    """A run on the CPU with these options, TRL's, the model's and ours."""
    import trl

    ours_class, config_class = (SFTArguments, trl.SFTConfig) if command == "sft" else (GRPOArguments, trl.GRPOConfig)
    options: dict[str, Any] = {"output_dir": str(data / "out"), "use_cpu": True, "bf16": False, "report_to": "none"}
    ours: dict[str, Any] = {}
    of_model: dict[str, Any] = {}
    for name, value in changes.items():
        own, of_models = ours_class.__dataclass_fields__, trl.ModelConfig.__dataclass_fields__
        holder = ours if name in own else of_model if name in of_models else options
        holder[name] = value
    arguments = ours_class(data=str(data), **ours)
    model_options = trl.ModelConfig(model_name_or_path=str(model), **of_model)
    return Subject(command, data, "train", str(model), config_class(**options), model_options, arguments)


@pytest.fixture(scope="session")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An rl split that mixes text and images, and a cold_start split."""
    build = tmp_path_factory.mktemp("whole")
    write(build, "rl", rows())
    return write(build, "cold_start", text_rows())
