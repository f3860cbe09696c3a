"""The command line: fast help, clear errors, every command in the README."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from curation.cli import main, parser
from curation.commands.interrupt import end_at_sigterm, exit_code, interruptible
from curation.core.errors import BuildError

ROOT = Path(__file__).parents[2]


def commands() -> list[str]:
    found = re.search(r"\{?([a-z,]+)\}?", ",".join(next(a for a in parser()._actions if a.choices).choices or ()))
    assert found
    return found[1].split(",")


def test_help_loads_nothing_heavy() -> None:
    heavy = ("torch", "vllm", "datatrove", "datasets", "pyarrow", "pydantic", "numpy")
    code = f"import sys; from curation.cli import main\ntry: main(['--help'])\nexcept SystemExit: sys.exit(any(name in sys.modules for name in {heavy}))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert "usage: ovr-curate" in shown.stdout


def test_importing_rewards_loads_nothing_heavy() -> None:
    heavy = ("torch", "vllm", "datatrove", "sympy", "math_verify", "transformers")
    code = f"import sys, rewards; print([m for m in {heavy} if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


@pytest.mark.parametrize("command", commands())
def test_every_command_has_an_example_and_stands_in_the_readme(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert f"example: ovr-curate {command}" in " ".join(capsys.readouterr().out.split())
    assert f"ovr-curate {command}" in (ROOT / "README.md").read_text()


def test_a_failure_is_one_line_and_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(tmp_path / "absent.yaml"), "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("ovr-curate: ")
    assert len(error.splitlines()) == 1
    assert main(["check", str(tmp_path)]) == 1
    assert "expected the folder of a finished build" in capsys.readouterr().err


def test_wrong_usage_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["build"], ["build", "m", "--out", "o", "--limit", "0"], ["no-such-command"]):
        with pytest.raises(SystemExit) as raised:
            main(arguments)
        assert raised.value.code == 2


@pytest.mark.parametrize("command", ["sources", "filters", "engines", "stopping", "kinds"])
def test_lists_name_every_kind(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command]) == 0
    shown = capsys.readouterr().out
    assert {"sources": "visual_puzzles", "filters": "length", "engines": "vllm", "stopping": "bayes", "kinds": "math"}[
        command
    ] in shown


def test_score_keeps_the_order_and_names_a_bad_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"gold": "2", "response": "\\\\boxed{2}"}\n\n{"gold": "2", "answer": "3"}\n')
    assert main(["score", str(pairs)]) == 0
    assert re.findall(r'"outcome": "(\w+)"', capsys.readouterr().out) == ["correct", "wrong"]
    pairs.write_text('{"gold": "2", "response": "so\u2028 \\\\boxed{2}\x85"}\n', encoding="utf-8")
    assert main(["score", str(pairs)]) == 0
    assert '"outcome": "correct"' in capsys.readouterr().out
    pairs.write_text('{"gold": "2"\n')
    assert main(["score", str(pairs)]) == 1
    assert "pairs.jsonl:1: " in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["shard", "summary", "ledger"])
def test_a_damaged_build_is_told_in_one_line(copied: Path, damage: str, capsys: pytest.CaptureFixture[str]) -> None:
    if damage == "shard":
        next((copied / "data/rl").glob("*.parquet")).write_bytes(b"PAR1")
    elif damage == "summary":
        (copied / "summary.json").write_text("{")
    else:
        (copied / "ledger.parquet").unlink()
    assert main(["check", str(copied)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("ovr-curate: ")
    assert len(error.splitlines()) == 1


def swallow(number: signal.Signals, raised: type[Exception]) -> None:
    end_at_sigterm()
    try:
        signal.raise_signal(number)
    except KeyboardInterrupt as interrupt:
        raise raised("the library's") from interrupt


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupt_of_which_a_library_makes_another_error_is_one(number: signal.Signals, code: int) -> None:
    """As pydantic does where it builds a model."""
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup` has it ignored
    try:
        for raised, expected in ((ValueError, KeyboardInterrupt), (BuildError, BuildError)):
            with pytest.raises(expected) as error, interruptible():
                swallow(number, raised)
            if isinstance(error.value, KeyboardInterrupt):
                assert exit_code(error.value) == code
        with pytest.raises(ValueError, match="another"), interruptible():
            raise ValueError("another")
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
