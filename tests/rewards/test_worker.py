"""The worker: deadlines from every place that judges, what it may not do, what it leaves behind."""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

import rewards
from rewards.worker import client as worker
from rewards.worker.connection import TimedOutError
from rewards.worker.server import MEMORY_BYTES

ROOT = Path(__file__).parents[2]
GOLD, HANG = r"\int_0^1 e^{x^x} dx", r"\int_0^1 e^{x^{x^x}} dx"
DEADLINE_S = 1.0
LATE = f"no verdict within {DEADLINE_S:g} s"
SAME: tuple[dict[str, str], float] = {"gold": "x+y", "answer": "y+x"}, 30.0


def judge_a_hang() -> tuple[str, str]:
    verdict = rewards.make_verifier(GOLD, options={"timeout_s": DEADLINE_S}).judge(rf"\boxed{{{HANG}}}")
    return verdict.outcome, verdict.detail


@pytest.mark.slow
def test_deadline_in_the_main_thread() -> None:
    assert judge_a_hang() == ("timeout", LATE)


@pytest.mark.slow
def test_deadline_in_threads() -> None:
    with ThreadPoolExecutor(3) as pool:
        hangs = [pool.submit(judge_a_hang) for _ in range(3)]
        assert [hang.result() for hang in hangs] == [("timeout", LATE)] * 3


@pytest.mark.slow
def test_deadline_in_an_event_loop() -> None:
    async def run() -> list[tuple[str, str]]:
        return [judge_a_hang(), await asyncio.to_thread(judge_a_hang)]

    assert asyncio.run(run()) == [("timeout", LATE)] * 2


@pytest.mark.slow
@pytest.mark.parametrize("start", ["spawn", "fork"])
def test_deadline_in_a_process(start: str) -> None:
    with multiprocessing.get_context(start).Pool(1) as pool:
        assert pool.apply(judge_a_hang) == ("timeout", LATE)


@pytest.mark.slow
def test_a_script_without_a_main_guard_can_judge() -> None:
    code = f"import rewards; print(rewards.make_verifier({GOLD!r}).judge_answer({GOLD.replace('e^', '2^')!r}).outcome)"
    done = subprocess.run([sys.executable, "-"], input=code, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("wrong", "timeout")


def test_the_worker_works_again_after_a_kill() -> None:
    assert worker.ask("math", "equal", *SAME)
    with pytest.raises(TimedOutError):
        worker.ask("math", "equal", {"gold": GOLD, "answer": HANG}, 0.5)
    assert worker.ask("math", "equal", *SAME)


@pytest.fixture
def server() -> Iterator[worker.Server]:
    """A server that nobody else asks."""
    alone = worker.Server("math")
    yield alone
    alone.close()


@pytest.fixture
def slow_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> float:
    """Seconds that every new interpreter sleeps before it runs anything."""
    (tmp_path / "sitecustomize.py").write_text("import time; time.sleep(1.5)")
    monkeypatch.syspath_prepend(tmp_path)
    return 1.5


@pytest.mark.slow
def test_a_slow_start_is_no_timeout(server: worker.Server, slow_start: float) -> None:
    arguments, _ = SAME
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(server.ask, "equal", arguments, slow_start * 0.9) for _ in range(3)]
        assert [a.result() for a in asked] == [True] * 3


@pytest.mark.slow
def test_a_start_has_a_limit_of_its_own(
    server: worker.Server, slow_start: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "START_S", slow_start / 5)
    with pytest.raises(TimedOutError, match=r"^the math worker did not start within 0\.3 s$"):
        server.ask("equal", *SAME)
    monkeypatch.undo()
    assert server.ask("equal", *SAME)


def test_a_worker_that_cannot_start_says_nothing_about_the_answer(
    server: worker.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "math_verify.py").write_text("raise ImportError('half installed')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(worker.SERVERS, "math", server)
    verdict = rewards.make_verifier(r"x \oplus 14").judge_answer(r"14 \oplus x")
    assert (verdict.outcome, verdict.reward) == ("timeout", None)
    assert verdict.detail == "the math worker cannot start: ImportError: half installed"


def server_pid(server: worker.Server) -> int:
    before = set(psutil.Process().children())
    assert server.ask("equal", *SAME)
    (process,) = set(psutil.Process().children()) - before
    return process.pid


@pytest.mark.slow
def test_a_killed_server_loses_nothing(server: worker.Server) -> None:
    os.kill(server_pid(server), signal.SIGKILL)
    assert server.ask("equal", *SAME)


@pytest.mark.slow
def test_a_server_that_hangs_is_replaced_at_the_deadline(server: worker.Server) -> None:
    os.kill(server_pid(server), signal.SIGSTOP)
    with ThreadPoolExecutor(2) as pool:  # one of them needs a new judge
        hangs = [pool.submit(server.ask, "equal", {"gold": GOLD, "answer": HANG}, DEADLINE_S) for _ in range(2)]
        for hang in hangs:
            with pytest.raises(TimedOutError, match=LATE):
                hang.result()
    assert server.ask("equal", *SAME)


@pytest.mark.slow
def test_a_process_with_many_open_files_can_judge(server: worker.Server) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2_000:
        pytest.skip(f"needs 2,000 open files, the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2_000), hard))
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1_100)]
    try:
        assert [server.ask("equal", *SAME) for _ in range(2)] == [True, True]
    finally:
        for handle in held:
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.slow
def test_other_threads_are_not_held_up_by_a_hang() -> None:
    assert worker.ask("math", "equal", *SAME)
    with ThreadPoolExecutor(1) as pool:
        hang = pool.submit(worker.ask, "math", "equal", {"gold": GOLD, "answer": HANG}, 3.0)
        assert worker.ask("math", "equal", *SAME)
        assert not hang.done()
        assert isinstance(hang.exception(), TimedOutError)


@pytest.mark.slow
def test_a_batch_waits_for_all_its_hangs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    golds, responses = ["1", GOLD, "2", GOLD, "3", GOLD], [r"\boxed{1}", rf"\boxed{{{HANG}}}"] * 3
    everyone, ask = threading.Barrier(3, timeout=60), worker.ask

    def ask_together(*request: Any) -> Any:
        everyone.wait()  # or the barrier breaks: the third asks before the first has an answer
        return ask(*request)

    monkeypatch.setattr(worker, "ask", ask_together)
    got = [v.outcome for v in rewards.judge_many(golds, responses, "math", {"timeout_s": DEADLINE_S})]
    assert got == ["correct", "timeout", "wrong", "timeout", "wrong", "timeout"]


ESCAPES = [
    "().__class__.__base__.__subclasses__()",
    '__import__("os").system("touch {path}")',
    'open("{path}", "w").write("x")',
    'exec("raise SystemExit")',
    "lambda: 0",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_code_is_text(text: str, tmp_path: Path) -> None:
    text = text.format(path=tmp_path / "escaped")
    assert rewards.judge("0", rf"\boxed{{{text}}}").outcome != "correct"
    assert rewards.judge(f"x + {text}", rf"\boxed{{{text} + 1}}").outcome in (
        "wrong",
        "timeout",
        "correct",
        "no_answer",
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_scorers_of_reasoning_gym_cannot_evaluate_an_answer(tmp_path: Path) -> None:
    entry = {"question": "?", "answer": "1 2", "metadata": {"solution": [1, 2], "matrix": [[1, 2]], "difficulty": {}}}
    answer = f"[open({str(tmp_path / 'escaped')!r}, 'w').write('x')]"
    verdict = rewards.make_verifier("1 2", "reasoning_gym", {"dataset": "spiral_matrix", "entry": entry}).judge_answer(
        answer
    )
    assert verdict.outcome == "wrong"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dataset", ["leg_counting", "rearc", "countdown"])
def test_reasoning_gym_gives_its_own_verdict(dataset: str) -> None:
    import reasoning_gym

    entry = json.loads(json.dumps(reasoning_gym.create_dataset(dataset, size=1, seed=3)[0]))
    options = {"dataset": dataset, "entry": entry}
    verifier = rewards.make_verifier(entry["answer"], "reasoning_gym", options)
    assert verifier.judge(rf"\boxed{{{entry['answer']}}}").outcome == "correct"
    assert verifier.judge(rf"\boxed{{{entry['answer']}9}}").outcome == "wrong"
    unknown = rewards.make_verifier("1", "reasoning_gym", {**options, "dataset": "no_such"})
    assert unknown.judge_answer("1").outcome == "unreadable_gold"


def files() -> int:
    return len(os.listdir("/proc/self/fd"))


HOSTILE = [
    r"9^{9^{9^9}}", r"(10^8)!", r"\binom{10^6}{5\cdot 10^5}", "{" * 500, "-" * 3000 + "1", r"\sqrt{" * 60 + "2" + "}" * 60, "1," * 1500,
    r"\frac{1}{" * 45 + "2" + "}" * 45, "9" * 1500, r"\sum_{k=1}^{10^9}\frac{1}{k^k}", r"x^{x^{x^x}}", r"\log_2(3^{10^8})", r"\boxed{" * 300,
    r"\begin{pmatrix}" + "x&" * 200 + r"\end{pmatrix}", r"\text{" * 50, "|" * 999, "(" * 999, "x_" * 500, "^" * 500, r"\left" * 300,
    "3$or", "y = 3, x ;=x<-x ;=x<1", r"\begin{cases} 5 & x<0", r"\begin{cases} 5 & \text{if } x<0 ) \end{cases}",
    r"\begin{cases} 5 & x<0 } \\ 3 & x>0 \end{cases}", r"x=2k, k \in \mathbb{Z}; x=3m, m \in \mathbb{Z}; x=5n, n \in \mathbb{Z}; x=1",
]  # fmt: skip


def hostile_round(count: int) -> None:
    for n in range(count):
        rewards.make_verifier(str(n % 50)).judge(rf"\boxed{{{HOSTILE[n % len(HOSTILE)]}{n}}}")


@pytest.mark.slow
def test_hostile_judgements_leave_nothing_behind() -> None:
    hostile_round(600)
    worker.close_all()
    gc.collect()
    me = psutil.Process()
    memory, handles = me.memory_info().rss, files()
    hostile_round(10_000)
    worker.close_all()
    gc.collect()
    assert not [c for c in me.children(recursive=True) if "_worker" in " ".join(c.cmdline())]
    assert files() <= handles
    assert me.memory_info().rss - memory < 40 << 20


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_answers_are_wrong_without_a_deadline(text: str) -> None:
    assert rewards.make_verifier("1").judge_answer(text).outcome in ("wrong", "no_answer")


FORBIDDEN = {
    "read": "open('/etc/passwd')",
    "write": "open({mine!r}, 'w')",
    "append": "open({mine!r}, 'a')",
    "truncate": "os.truncate({mine!r}, 0)",
    "delete": "os.unlink({mine!r})",
    "make": "os.mkdir({mine!r} + '2')",
    "mode": "os.chmod({mine!r}, 0o777)",
    "TCP": "socket.socket()",
    "UDP": "socket.socket(type=socket.SOCK_DGRAM)",
    "Unix": "socket.socketpair()",
    "fork": "os.fork()",
    "program": "os.execv('/bin/sh', ['sh'])",
    "signal": "os.kill(os.getppid(), 0)",
}
ATTEMPTS = """
import os, socket, sys
from rewards.worker import server
from rewards.worker.confine import confine
{confined}
print("held" if all(held) else "not held")
for attempt in {attempts!r}:
    try:
        eval(attempt)
        print("done:", attempt)
    except PermissionError:
        pass
"""


@pytest.mark.parametrize(
    "confined",
    ["held = confine([sys.prefix, sys.base_prefix])", "held = (server.limit(server.real_places()), True)[1:]"],
    ids=["kernel alone", "judge"],
)
def test_a_judge_has_no_files_no_network_and_no_processes(confined: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("x")
    attempts = [attempt.format(mine=str(mine)) for attempt in FORBIDDEN.values()]
    code = ATTEMPTS.format(confined=confined, attempts=attempts)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    if done.stdout.startswith("not held"):
        pytest.skip("this kernel has no Landlock or no seccomp")
    assert (done.stdout, done.stderr) == ("held\n", "")
    assert mine.read_text() == "x"


def test_a_judge_has_bounds_on_memory_and_knows_no_variable_of_ours(
    server: worker.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert server.ask("equal", *SAME)
    (judge,) = server._idle
    process = psutil.Process(judge.pid)
    assert process.rlimit(psutil.RLIMIT_AS) == (MEMORY_BYTES, MEMORY_BYTES)
    assert process.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert set(process.environ()) <= {"PYTHONPATH", "PATH", "HOME", "PYTHONHASHSEED", "LC_CTYPE"}
