"""The command line: fast help, exit codes, one line for bad input."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from training.cli import COMMANDS, main


def test_help_is_fast_and_names_every_command() -> None:
    seconds = []
    for _ in range(3):  # the best of three, for a busy machine
        started = time.monotonic()
        shown = subprocess.run(
            [sys.executable, "-m", "training.cli", "--help"], capture_output=True, text=True, check=True
        )
        seconds.append(time.monotonic() - started)
    assert min(seconds) < 1.0
    assert all(command in shown.stdout for command in COMMANDS)


def test_importing_the_cli_loads_no_torch() -> None:
    code = "import sys, training.cli; sys.exit(any(name in sys.modules for name in ('torch', 'trl', 'datasets', 'curation')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["tune"], ["sft", "--no_such_option", "1"], ["grpo"], ["eval"], ["average"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    try:
        code = main(arguments)
    except SystemExit as error:
        code = int(error.code or 0)
    assert code == 2


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (None, "no file"),
        ("learning_rat: 1.0e-3\n", "unknown option 'learning_rat'"),
        ("- 1\n", "must contain a mapping of options, got list"),
        (
            "model_name_or_path: m\ndata: nowhere\noutput_dir: out\nuse_cpu: true\nbf16: false\n",
            "nowhere is not a directory",
        ),
    ],
)
def test_bad_input_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], config: str | None, said: str
) -> None:
    path = tmp_path / "sft.yaml"
    if config is not None:
        path.write_text(config)
    assert main(["sft", "--config", str(path)]) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("ovr-train sft: ")
    assert said in error


@pytest.mark.parametrize("command", ["sft", "grpo"])
def test_a_missing_extra_is_named(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)
    monkeypatch.delitem(sys.modules, COMMANDS[command][0], raising=False)
    assert main([command, "--data", "d"]) == 1
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert told.startswith(f"ovr-train {command}: ")
    assert told.endswith("; install the extra `train`: pip install 'ovr-curate[train]'\n")
    with pytest.raises(ModuleNotFoundError):
        main([command, "--data", "d", "--debug"])


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("torch.OutOfMemoryError('CUDA out of memory.\\nTried 2 GiB')", "CUDA out of memory. Tried 2 GiB"),
        ("RuntimeError", "RuntimeError"),
    ],
)
def test_torchs_own_errors_are_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: str, told: str
) -> None:
    (tmp_path / "hungry.py").write_text(f"import torch\n\ndef main(argv):\n    raise {error}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "hungry", raising=False)
    monkeypatch.setitem(COMMANDS, "hungry", ("hungry", ""))
    assert main(["hungry"]) == 1
    assert capsys.readouterr().err == f"ovr-train hungry: {told}\n"
    with pytest.raises(RuntimeError):
        main(["hungry", "--debug"])


def test_debug_shows_the_traceback() -> None:
    with pytest.raises(FileNotFoundError):
        main(["sft", "--config", "nowhere.yaml", "--debug"])
