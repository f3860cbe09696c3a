"""Engines that die: the others' samples arrive, the prompt that kills is set aside, nothing is left running."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from curation.core.errors import SamplingError
from curation.core.row import Message
from curation.sampling.engines.base import Request, Response, SamplingOptions, unanswered
from tests.curation.sampling.answers import answers

OPTIONS = SamplingOptions(max_tokens=8)
Make = Callable[..., Any]


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Make an engine of `faulty_engine`."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    from faulty_engine import Faulty

    def make(**options: Any) -> Any:
        return Faulty(folder=tmp_path, **options)

    return make


def ask(*texts: str) -> list[Request]:
    return [Request(f"row{i}", (Message("user", text),), (), (0, 2), 7) for i, text in enumerate(texts)]


def in_peace(faulty: Make, requests: list[Request]) -> list[Response]:
    """What comes where nothing dies."""
    with faulty(isolate=False).open() as session:
        return answers(
            session, [Request(r.key, (Message("user", "ok"),), (), r.sample_numbers, r.seed) for r in requests], OPTIONS
        )


def gone(process: int, wait_s: float = 60.0) -> bool:
    deadline = time.monotonic() + wait_s
    with suppress(psutil.NoSuchProcess):
        while psutil.Process(process).status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
    return True


def test_the_responses_are_those_without_a_process_of_its_own(faulty: Make) -> None:
    requests = ask("a", "b", "c")
    engine = faulty()
    with engine.open() as session:
        assert answers(session, requests, OPTIONS) == in_peace(faulty, requests)
        assert answers(session, requests[1:], OPTIONS) == in_peace(faulty, requests[1:])
    assert engine.starts[0] != os.getpid()
    assert gone(engine.starts[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("die", "its process was ended by SIGKILL, for lack of memory perhaps"),
        ("exit", "its process ended with exit code 3"),
        ("error", "engine 'faulty' says no"),
        ("bug", "engine failed with KeyError: 'oops'"),
    ],
)
def test_a_prompt_that_kills_twice_is_set_aside(faulty: Make, fault: str, reason: str) -> None:
    with faulty().open() as session:
        assert answers(session, ask(fault), OPTIONS) == [Response("row0", (), 0, refused=f"engine_died: {reason}")]


@pytest.mark.slow
def test_a_hang_counts_as_a_death(faulty: Make) -> None:
    with faulty(hang_timeout_s=0.5).open() as session:
        (hung,) = answers(session, ask("hang"), OPTIONS)
        (stopped,) = answers(session, ask("stop"), OPTIONS)
    assert hung.refused == stopped.refused == "engine_died: no sign of life for 0.5 s"


@pytest.mark.slow
def test_an_engine_that_generates_no_token_has_hung_whatever_else_it_says(faulty: Make) -> None:
    with faulty(hang_timeout_s=1.9).open() as session:
        (idle,) = answers(session, ask("idle"), OPTIONS)
    assert idle.refused == "engine_died: no sign of life for 1.9 s"


@pytest.mark.slow
def test_a_load_that_takes_long_is_no_hang_while_it_says_so(faulty: Make) -> None:
    engine = faulty(at_start="idle", start_timeout_s=4.5, hang_timeout_s=0.5)
    with engine.open() as session:
        assert answers(session, ask("a"), OPTIONS) == in_peace(faulty, ask("a"))


@pytest.mark.slow
def test_work_that_takes_long_is_no_hang(faulty: Make) -> None:
    engine = faulty(hang_timeout_s=1.9)
    with engine.open() as session:
        (response,) = answers(session, ask("work"), OPTIONS)
    assert len(response.samples) == 2
    assert len(engine.starts) == 1


def test_a_death_that_no_prompt_is_to_blame_for_costs_one_restart(faulty: Make) -> None:
    requests = ask("a", "die once", "c")
    engine = faulty()
    with engine.open() as session:
        assert answers(session, requests, OPTIONS) == in_peace(faulty, requests)
    assert len([pid for pid in engine.starts if pid != os.getpid()]) == 2


@pytest.mark.slow
def test_finding_the_bad_prompt_takes_a_logarithm_of_restarts_and_costs_the_others_nothing(faulty: Make) -> None:
    requests = ask("a", "b", "c", "die")
    engine = faulty()
    with engine.open() as session:
        *others, dead = answers(session, requests, OPTIONS)
    assert len(engine.starts) == 2 + 3
    assert dead.refused
    assert others == in_peace(faulty, requests)[:3]


@pytest.mark.slow
def test_an_engine_that_always_dies_is_given_up(faulty: Make) -> None:
    engine = faulty(max_restarts=3)
    with (
        engine.open() as session,
        pytest.raises(SamplingError, match="died 4 times in a row and was given up: its process") as caught,
    ):
        answers(session, ask("die", "die", "die", "die"), OPTIONS)
    assert "\n" not in str(caught.value)
    assert len(engine.starts) == 4


@pytest.mark.slow
def test_what_was_answered_before_it_was_given_up_is_kept(faulty: Make) -> None:
    with faulty(max_restarts=4).open() as session:
        responses = answers(session, ask("ok", *["die"] * 3), OPTIONS)
    assert [len(r.samples) for r in responses] == [2, 0, 0, 0]
    assert [r.key for r in responses] == [f"row{i}" for i in range(4)]
    assert "given up" in responses[-1].failed
    assert "prompts stay unanswered, 'row" in unanswered(responses)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("die", "^engine 'faulty' does not start: its process was ended by SIGKILL"),
        ("error", "^engine 'faulty' says no$"),
        ("hang", "^engine 'faulty' does not start: no sign of life for 3 s$"),
    ],
)
def test_an_engine_that_does_not_start_is_one_clear_line(faulty: Make, fault: str, message: str) -> None:
    engine = faulty(at_start=fault, start_timeout_s=3 if fault == "hang" else 60)
    with pytest.raises(SamplingError, match=message):
        engine.open().__enter__()
    assert gone(engine.starts[0])


def test_copies_share_a_batch_and_give_what_one_gives(faulty: Make, tmp_path: Path) -> None:
    requests = ask("copy", "copy", "die once", "c", "e")
    engine = faulty(copies=2)
    with engine.open() as session:
        assert answers(session, requests, OPTIONS) == in_peace(faulty, requests)
        assert answers(session, requests[:1], OPTIONS) == in_peace(faulty, requests[:1])
    assert {path.name for path in tmp_path.glob("copy*")} == {"copy0", "copy1"}
    assert all(gone(process) for process in engine.starts if process != os.getpid())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("max_restarts", "texts"),
    [
        (1, ("a", "die1", "c", "die1")),  # it is given up with nothing answered
        (4, ("a", "ok", *["b", "die1"] * 3)),  # and with its first prompt answered
    ],
)
def test_what_a_lost_copy_leaves_is_answered_by_those_that_live(
    faulty: Make, max_restarts: int, texts: tuple[str, ...]
) -> None:
    requests = ask(*texts)
    engine = faulty(copies=2, max_restarts=max_restarts)
    with engine.open() as session:
        assert answers(session, requests, OPTIONS) == in_peace(faulty, requests)
        starts = len(engine.starts)
        assert answers(session, requests, OPTIONS) == in_peace(faulty, requests)
        assert len(engine.starts) == starts + 1  # in peace, in this process
        with pytest.raises(SamplingError, match=r"died \d times in a row and was given up"):
            answers(session, ask(*["die"] * 8), OPTIONS)


@pytest.mark.slow
def test_a_lost_copy_costs_its_share_alone(faulty: Make) -> None:
    with faulty(copies=2, max_restarts=1).open() as session:
        kept, lost, also_kept = answers(session, ask("a", "die", "c"), OPTIONS)
        assert len(kept.samples) == len(also_kept.samples) == 2
        assert "given up" in lost.failed or "engine_died" in lost.refused
        with pytest.raises(SamplingError, match="died"):
            answers(session, ask(*["die"] * 4), OPTIONS)


@pytest.mark.parametrize("copies", [1, 2])
def test_closing_ends_a_batch_under_way(faulty: Make, tmp_path: Path, copies: int) -> None:
    engine = faulty(copies=copies)
    with ThreadPoolExecutor(1) as pool:
        with engine.open() as session:
            running = pool.submit(answers, session, ask(*["hang"] * copies), OPTIONS)
            time.sleep(0.5)
        with pytest.raises(SamplingError, match="engine 'faulty' is closed"):
            running.result(timeout=60)
    assert all(gone(process) for process in engine.starts)


def test_one_copy_that_does_not_start_ends_them_all(faulty: Make) -> None:
    engine = faulty(copies=2, at_start="exit")
    with pytest.raises(SamplingError, match="does not start: its process ended with exit code 3"):
        engine.open().__enter__()
    assert all(gone(process) for process in engine.starts)


def test_the_engines_own_processes_end_with_it(faulty: Make, tmp_path: Path) -> None:
    with faulty().open() as session:
        answers(session, ask("spawn"), OPTIONS)
    assert gone(int((tmp_path / "grandchild").read_text()))


@pytest.mark.slow
@pytest.mark.parametrize("then", ["hang", "nothing"])
def test_the_engine_ends_when_its_parent_is_killed(faulty: Make, tmp_path: Path, then: str) -> None:
    code = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from curation.core.row import Message
from curation.sampling.engines.base import Request, SamplingOptions
from faulty_engine import Faulty
with Faulty(folder=Path({str(tmp_path)!r})).open() as session:
    list(session.generate([Request("a", (Message("user", "spawn"),), (), (0,), 0)], SamplingOptions()))
    Path({str(tmp_path / "spawned")!r}).touch()
    if {then == "hang"}:
        list(session.generate([Request("a", (Message("user", "hang"),), (), (0,), 0)], SamplingOptions()))
    time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[3])
    while not (tmp_path / "spawned").exists():
        time.sleep(0.05)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert gone(faulty().starts[0])
    assert gone(int((tmp_path / "grandchild").read_text()))
