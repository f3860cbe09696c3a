"""The quickstart's own part: how a step ends and what the table says."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from training.demo.quickstart import AGAIN, Quickstart, show

WAITER = """
import time
try:
    print("waiting", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.5)
    print("ended", flush=True)
    raise SystemExit(130)
"""


def test_a_failed_step_is_told_with_its_name_and_the_end_of_its_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="step 'SFT' failed with exit code 1; ") as ended:
        Quickstart(tmp_path, 1).step("SFT", "no_such_module")
    assert str(ended.value).endswith(AGAIN)
    assert capfd.readouterr().err.endswith("No module named no_such_module\n")


def test_what_libraries_say_goes_to_the_log_and_what_a_step_tells_to_the_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chatty.py").write_text("import warnings; warnings.warn('old'); print('sft 10/120')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    Quickstart(tmp_path, 1).step("curate the RL set", "chatty")
    shown = capfd.readouterr()
    assert shown.out.endswith("\nsft 10/120\n")
    assert shown.err == ""
    assert "UserWarning: old" in (tmp_path / "logs" / "curate-the-rl-set.log").read_text()


def test_an_interrupt_is_one_line_and_130(tmp_path: Path) -> None:
    (tmp_path / "waiter.py").write_text(WAITER)
    code = f"""
import sys
from training.demo import quickstart

quickstart.run = lambda out, seed: quickstart.Quickstart(out, seed).step("wait", "waiter")
sys.exit(quickstart.main(["--out", {str(tmp_path)!r}]))
"""
    started = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )
    assert started.stdout is not None
    while not (line := started.stdout.readline()).startswith("waiting"):
        assert line, "the step did not start"
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does: to the step as well
    said, told = started.communicate(timeout=60)
    assert (started.returncode, told) == (130, f"quickstart: interrupted; {AGAIN}\n")
    assert said == "ended\n"


def test_a_stage_without_a_judged_response_has_no_reward(capsys: pytest.CaptureFixture[str]) -> None:
    show(
        {
            "seed": 1,
            "rows": {"rl": {"in": 2, "kept": 1, "dropped": {"trivial": 1}}},
            "kept": {"source": {"sums": 1}},
            "pass_rates": {"measured": {"0.5": 1}, "kept": {"0.5": 1}},
            "reward": {"before SFT": None, "after SFT": 0.25},
            "behaviors": {"mental_imagery": {"before SFT": 0.0, "after SFT": 0.5}},
            "seconds": {"total": 1.0},
            "peak_memory_gb": 1.0,
        }
    )
    shown = capsys.readouterr().out
    assert "no response could be judged" in shown
    assert "0.250" in shown
    assert "0% before SFT, 50% after SFT" in shown
