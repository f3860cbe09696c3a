"""Coverage-guided fuzzing of the judge: `python tests/rewards/fuzz.py --seconds 600`.

Mutates pairs of gold and answer and keeps those that reach new lines of `rewards.algebra`. A crash of the interpreter,
an exception, a judgement over a second of CPU, or an answer that is not judged equal to itself ends a child process, is
reported with its input, and the next child goes on. Between them the claims of `generated.py` are judged, whose verdicts
are known; those that do not hold are counted by maker, with examples. The exit code is 1 where anything was found. What
was kept is written to corpus.json (under 200 kB) and replayed by test_fuzz.py.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import rewards  # noqa: E402
from rewards.algebra import clean  # noqa: E402
from tests.rewards.generated import MAKERS, broken  # noqa: E402

CORPUS = Path(__file__).with_name("corpus.json")
MAX_CORPUS_BYTES = 180_000
MAX_CPU_S = 1.0
EXAMPLES = 3
BROKEN_CLAIMS = 3
"""The exit code of a child that only found claims that do not hold."""
FOLDER = str(Path(clean.__file__).parent)
_PIECES = r"""
    \frac{ }{ } \sqrt{ } \sqrt[3]{ } \left( \right) \{ \} [ ] ( ) { } ^ ^{ } _ _{ } + - * / \cdot \times \div \pm
    \mp = < > \leq \geq \neq \in \cup \cap \setminus \infty \pi e i x y n k f(x) f(t) g(n) 0 1 2 7 10 -1 0.5 1,234
    12\% 50% ^\circ \circ ° ½ ３ − × √2 \sin \cos^2 \tan^{-1} \log_2 \ln \exp \max \gcd \binom{5}{2} ! ' | \mid : ; ,
    and or \text{ } \text{cm} \text{and} \mathrm{km/h} m^2 $ $$ \$ \( \) \[ \] \boxed{ } \begin{pmatrix}
    \end{pmatrix} & \\ \begin{cases} \end{cases} \sum_{k=1}^{9} \prod_{k=1}^{4} \int_0^1 \lim_{x\to0} \ldots ...
    \lfloor \rfloor \lceil \rceil \pmod{7} _7 _{10} \mathbb{R} \mathbb{Z} \emptyset \overline{3} 0.\overline{3} 1e9
    9^{9^9} (10^8)! 999999999999 (A) B. \approx \angle ABC 60^\circ30' 3:4 10:30 \sum_{k=1}^{n} k
"""
PIECES = _PIECES.split()


def mutate(text: str, rng: random.Random, others: list[list[str]]) -> str:
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(text) + 1)
        action = rng.randrange(7)
        if action <= 2:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif action == 3:
            text = text[:at] + text[at + rng.randrange(1, 6) :]
        elif action == 4:
            text = text[:at] + chr(rng.choice((rng.randrange(32, 127), rng.randrange(32, 0x2FFF)))) + text[at:]
        elif action == 5:
            end = rng.randrange(at, len(text) + 1)
            text = text[:end] + text[at:end] * rng.choice((1, 1, 2, 30)) + text[end:]
        else:
            other = rng.choice(rng.choice(others))
            text = text[:at] + other[rng.randrange(len(other) + 1) :]
    return text[:3000]


def run(gold: str, answer: str) -> None:
    options = {"symbolic": False}
    started = time.process_time()
    verdict = rewards.Verifier(gold, options=options).judge_answer(answer)
    itself = rewards.Verifier(answer, options=options).judge_answer(answer)
    spent = time.process_time() - started
    if spent > MAX_CPU_S:
        raise AssertionError(f"{spent:.1f} s of CPU, outcome {verdict.outcome}")
    if itself.outcome == "wrong" and itself.tier != "caps":
        raise AssertionError(f"not equal to itself: {itself}")


def covered(gold: str, answer: str) -> set[tuple[str, int, int]]:
    """The pairs of lines in `rewards.algebra` that a run goes through."""
    seen: set[tuple[str, int, int]] = set()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(FOLDER):
            return None
        name, before = frame.f_code.co_filename, 0

        def line(inner: FrameType, event: str, _: Any) -> Any:
            nonlocal before
            seen.add((name, before, inner.f_lineno))
            before = inner.f_lineno
            return line

        return line

    sys.settrace(trace)
    try:
        rewards.Verifier(gold, options={"symbolic": False}).judge_answer(answer)
    finally:
        sys.settrace(None)
    return seen


class Claims:
    """Judges claims of every maker in turn and keeps the first of each sort that does not hold."""

    def __init__(self, rng: random.Random) -> None:
        self.judged, self._rng, self._makers = 0, rng, itertools.cycle(MAKERS)
        self._found: dict[str, list[str]] = {}

    def judge_some(self, note: Path) -> list[str]:
        """Judge what the next maker makes; return a pair of it to mutate."""
        maker = next(self._makers)
        claims = maker(self._rng)
        for claim in claims:
            note.write_text(json.dumps(claim, ensure_ascii=False))
            started = time.process_time()
            said = broken(claim)
            if (spent := time.process_time() - started) > MAX_CPU_S:
                raise AssertionError(f"{spent:.1f} s of CPU")
            if said:
                self._found.setdefault(f"{maker.__name__}, {said.partition(':')[0]}", []).append(said)
        self.judged += len(claims)
        claim = self._rng.choice(claims)
        return [claim.gold, claim.answer]

    def report(self) -> str:
        lines = [f"  {len(found)} x {sort}: " + " | ".join(found[:EXAMPLES]) for sort, found in self._found.items()]
        return "\n".join(["", *lines]) if lines else ""


def child(seconds: float, seed: int, note: Path) -> bool:
    """Fuzz for a time. Return whether every claim held; what is worse is an exception, a crash or a hang."""
    rng = random.Random(seed)
    corpus: list[list[str]] = (
        json.loads(CORPUS.read_text()) if CORPUS.exists() else [["1", "1"], [r"\frac{1}{2}", "0.5"]]
    )
    seen: set[tuple[str, int, int]] = set()
    for gold, answer in corpus:
        seen |= covered(gold, answer)
    runs, claims, end = 0, Claims(rng), time.monotonic() + seconds
    while time.monotonic() < end:
        gold, answer = claims.judge_some(note) if runs % 4 == 0 else rng.choice(corpus)
        which = rng.randrange(3)
        gold, answer = (mutate(gold, rng, corpus), answer) if which == 0 else (gold, mutate(answer, rng, corpus))
        gold = answer if which == 2 and rng.random() < 0.3 else gold
        note.write_text(json.dumps([gold, answer]))
        runs += 1
        run(gold, answer)
        if len(gold) + len(answer) < 400 and not (new := covered(gold, answer)) <= seen:
            seen |= new
            corpus.append([gold, answer])
    while len(json.dumps(corpus, ensure_ascii=False).encode()) > MAX_CORPUS_BYTES:
        corpus.remove(max(corpus, key=lambda pair: len(pair[0]) + len(pair[1])))
    CORPUS.write_text(json.dumps(corpus, ensure_ascii=False, indent=0))
    print(f"{runs} runs, {claims.judged} claims, {len(seen)} line pairs, {len(corpus)} inputs kept{claims.report()}")
    return not claims.report()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--note", type=Path, default=Path("build/fuzz-last.json"), help="where the input under test is written down"
    )
    parser.add_argument("--child", action="store_true")
    arguments = parser.parse_args()
    arguments.note.parent.mkdir(parents=True, exist_ok=True)
    if arguments.child:
        return 0 if child(arguments.seconds, arguments.seed, arguments.note) else BROKEN_CLAIMS
    failed = 0
    end, seed = time.monotonic() + arguments.seconds, arguments.seed
    while (left := end - time.monotonic()) > 1:
        command = [
            sys.executable,
            __file__,
            "--child",
            f"--seconds={min(left, 60)}",
            f"--seed={seed}",
            f"--note={arguments.note}",
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=180)
        except subprocess.TimeoutExpired:
            print(f"seed {seed}: a hang\n{arguments.note.read_text()}", flush=True)
            failed, seed = 1, seed + 1
            continue
        failed = 1 if done.returncode else failed
        if done.returncode not in (0, BROKEN_CLAIMS):
            found = f"{arguments.note.read_text()}\n{done.stderr[-3000:]}"
            print(f"seed {seed}: exit {done.returncode}\n{found}", flush=True)
        print(f"seed {seed}: {done.stdout.strip()}", flush=True)
        seed += 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
