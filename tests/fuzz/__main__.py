"""Fuzz for a time: `python -m tests.fuzz --seconds 60 --seed 0 [readers judge pages builds]`.

Each part gets its share, in a process of its own, in rounds of one seed each; Hypothesis makes the inputs and shrinks what fails. An input
that takes longer than a minute, or ends the interpreter, is named too (`build/fuzz/PART.txt` has the last one). Exit code 1 where anything
was found; `--seed` of the round that is named finds it again.
"""

import argparse
import faulthandler
import importlib
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

PARTS = ("readers", "judge", "pages", "builds")
HANG_S = 60
ROUND = {"readers": 200, "judge": 400, "pages": 20, "builds": 3}
"""Inputs of a round."""
NOTES = Path("build/fuzz")
MEMORY_BYTES = 8 << 30


def fuzz(part: str, number: int, examples: int, *extra: Any, note: Callable[[Any], None] = lambda given: None) -> None:
    """One round; raises what the smallest failing input raised."""
    module = importlib.import_module(f"tests.fuzz.{part}")
    rules = settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink), print_blob=False, report_multiple_bugs=False,
    )  # fmt: skip

    @seed(number)
    @rules
    @given(module.inputs)
    def one(example: Any) -> None:
        note(example)
        module.check(example, *extra)

    one()


def child(part: str, seconds: float, number: int) -> None:
    """Rounds until the time is over."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    inputs, end, extra = 0, time.monotonic() + seconds, _needs(part)
    file = NOTES / f"{part}.txt"

    def note(example: Any) -> None:
        nonlocal inputs
        inputs += 1
        file.write_text(repr(example)[:1_000_000].encode("unicode_escape").decode())
        faulthandler.dump_traceback_later(HANG_S, exit=True)

    while time.monotonic() < end:
        print(f"{part}: seed {number}", flush=True)
        fuzz(part, number, ROUND[part], *extra, note=note)
        number += 1
    faulthandler.cancel_dump_traceback_later()
    print(f"{part}: {inputs} inputs, nothing found", flush=True)


def _needs(part: str) -> tuple[Any, ...]:
    """What a part needs beside an input: of pages, a build to dress."""
    if part != "pages":
        return ()
    from tests.curation.release.hostile import hostile_build

    made = NOTES / "hostile"
    made.mkdir(exist_ok=True)
    return (made / "out" if (made / "out/summary.json").exists() else hostile_build(made),)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    NOTES.mkdir(parents=True, exist_ok=True)
    share = options.seconds / len(options.parts)
    if options.child:
        child(options.parts[0], share, options.seed)
        return 0
    failed = 0
    for part in options.parts:
        command = [sys.executable, "-m", "tests.fuzz", part, "--child", f"--seconds={share}", f"--seed={options.seed}"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        lines = done.stdout.splitlines()
        if done.returncode:
            failed = 1
            print(f"{part}: exit {done.returncode}; the last input is in {NOTES / part}.txt\n" + "\n".join(lines[-60:]))
        else:
            print(lines[-1])
    return failed


if __name__ == "__main__":
    sys.exit(main())
