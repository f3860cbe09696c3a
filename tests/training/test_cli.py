"""The command line: fast help, exit codes, one line for bad input."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.training.conftest import SCHEMA, row
from training.arguments import ARGUMENTS, option_names
from training.cli import COMMANDS, main


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    heavy = ("torch", "trl", "transformers", "datasets", "pyarrow", "pydantic", "curation")
    code = f"import sys; from training.cli import main; main(['--help']); sys.exit(any(name in sys.modules for name in {heavy}))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert all(command in shown.stdout for command in COMMANDS)


USAGE = [
    ([], "usage: ovr-train"),
    (["tune"], "unknown command 'tune'"),
    (["sft", "--no_such_option", "1"], "ovr-train sft: unknown option '--no_such_option'; see --help"),
    (["sft", "--learning_rat", "1"], "ovr-train sft: unknown option '--learning_rat'; see --help"),
    (["grpo"], "ovr-train grpo: --data is needed, on the command line or in --config"),
    (["grpo", "--data=d", "--no_gradient_checkpointing"], "ovr-train grpo: --model_name_or_path is needed"),
    (["eval"], "the following arguments are required: --model, --data"),
    (["average"], "the following arguments are required: CKPT, --out"),
]


@pytest.mark.parametrize(("arguments", "message"), USAGE)
def test_wrong_usage_ends_with_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(arguments)
    except SystemExit as error:
        code = int(error.code or 0)
    assert code == 2
    assert message in "".join(capsys.readouterr())


CONFIGS = [
    ("learning_rat: 1.0e-3\n", "--config: unknown option 'learning_rat'; see ovr-train sft --help"),
    ("- 1\n", "must contain a mapping of options, got list"),
    ("a: [\n", "is not YAML"),
    (None, "--config: no file"),
]


@pytest.mark.parametrize(("config", "message"), CONFIGS)
def test_a_bad_config_file_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], config: str | None, message: str
) -> None:
    path = tmp_path / "sft.yaml"
    if config is not None:
        path.write_text(config)
    assert main(["sft", "--config", str(path)]) == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert error.startswith("ovr-train sft: ")
    assert message in error


def with_column(name: str, value: str | None) -> pa.Table:
    """A shard's table with another value in a column, or without the column."""
    table = pa.Table.from_pylist([row(0)], schema=SCHEMA)
    at = table.column_names.index(name)
    return table.remove_column(at) if value is None else table.set_column(at, table.field(at), [[value]])


SPOILED = {
    "no_shards": (None, "no split 'train' in {data}; found: no Parquet shards"),
    "another_version": (with_column("answer", "1").replace_schema_metadata({b"ovr.schema_version": b"9"}),
                        "ovr.schema_version 9, expected 1 or 2; read it with the release that wrote it, or a later one"),
    "another_split": (with_column("answer", "1"), "no split 'dev' in {data}; found: train"),
    "no_rows": (with_column("answer", "1").slice(0, 0), "split 'train' of {data} has no rows"),
    "no_column": (with_column("prompt", None), "no column 'prompt', which a "),
    "unknown_kind": (with_column("answer_kind", "gsm8k"), "has answer_kind 'gsm8k'; known: assignment, boxes"),
    "no_model": (with_column("answer", "1"), "model folder '{model}' has no config.json"),
}  # fmt: skip


@pytest.mark.parametrize("command", ["sft", "grpo", "eval"])
def test_what_is_wrong_with_data_or_model_is_said_before_torch_is_imported(tmp_path: Path, command: str) -> None:
    model = "--model" if command == "eval" else "--model_name_or_path"
    commands, expected = [], []
    for name, (table, message) in SPOILED.items():
        if command == "sft" and name == "unknown_kind":
            continue
        data, folder = tmp_path / name, tmp_path / name / "model"
        folder.mkdir(parents=True)
        if table is not None:
            pq.write_table(table, data / "train-00000-of-00001.parquet")
        split = "dev" if name == "another_split" else "train"
        limit = ["--max_tokens", "4"] if command == "eval" else []
        commands.append([command, model, str(folder), "--data", str(data), "--split", split, *limit])
        expected.append(message.format(data=data, model=folder))
    code = f"""
import sys
from training.cli import main

codes = {{main(command) for command in {commands}}}
print(codes, {{"torch", "trl", "transformers", "vllm", "datasets"}} & set(sys.modules))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "{1} set()\n"
    errors = ended.stderr.splitlines()
    assert [message for message, error in zip(expected, errors, strict=True) if message not in error] == []


@pytest.mark.slow
@pytest.mark.parametrize("command", ["sft", "grpo"])
def test_the_options_known_without_trl_are_those_of_its_parser(command: str) -> None:
    from trl import GRPOConfig, ModelConfig, SFTConfig, TrlParser

    parser = TrlParser([ARGUMENTS[command], {"sft": SFTConfig, "grpo": GRPOConfig}[command], ModelConfig])
    theirs = {action.dest for action in parser._actions} - {"help"}
    assert option_names(command) >= theirs
    assert option_names(command) - theirs <= {"_n_gpu"}


@pytest.mark.parametrize("command", ["sft", "grpo"])
def test_a_missing_extra_is_named(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)
    monkeypatch.delitem(sys.modules, COMMANDS[command][0], raising=False)
    assert main([command, "--data", "d"]) == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert error.startswith(f"ovr-train {command}: ")
    assert error.endswith("; install the extra `train`: pip install 'ovr-curate[train]'\n")
    with pytest.raises(ModuleNotFoundError):
        main([command, "--data", "d", "--debug"])


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("torch.OutOfMemoryError('CUDA out of memory.\\nTried 2 GiB')", "CUDA out of memory. Tried 2 GiB"),
        ("RuntimeError", "RuntimeError"),
    ],
)
def test_torchs_own_errors_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: str, message: str
) -> None:
    (tmp_path / "hungry.py").write_text(f"import torch\n\ndef main(argv):\n    raise {error}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "hungry", raising=False)
    monkeypatch.setitem(COMMANDS, "hungry", ("hungry", ""))
    assert main(["hungry"]) == 1
    assert capsys.readouterr().err == f"ovr-train hungry: {message}\n"
    with pytest.raises(RuntimeError):
        main(["hungry", "--debug"])


def test_debug_shows_the_traceback() -> None:
    with pytest.raises(FileNotFoundError):
        main(["sft", "--config", "nowhere.yaml", "--debug"])
