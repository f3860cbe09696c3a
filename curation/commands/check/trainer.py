"""The trainer's own reader takes the set: in a process of its own, where the extra `train` is installed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import ClassVar, Literal

from curation.commands.check.base import Check, Finding, Looked, Said, Skipped
from curation.commands.check.subject import Subject

TIMEOUT_S = 1800


class Trainer(Check):
    """`ovr-train` reads every split."""

    kind: Literal["trainer"] = "trainer"
    place: ClassVar[int] = 135
    whole: ClassVar[bool] = True

    def run(self, subject: Subject) -> Iterator[Said]:
        if find_spec("trl") is None or find_spec("training") is None:
            yield Skipped("the trainer's reader: the extra `train` is not installed")
            return
        names = list(dict.fromkeys(f"{shard.config}/{shard.split}" for shard in subject.of_the_set))
        command = [sys.executable, "-m", "training.data.read_back", str(subject.path), *names]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            yield Skipped(f"the trainer's reader: it had not ended after {TIMEOUT_S} s")
            return
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        for line in map(json.loads, lines):
            if line["error"]:
                yield Finding(
                    f"data/{line['split']}",
                    f"the trainer cannot read it: {line['error'][:300]}",
                    "see `ovr-train preflight`",
                )
            else:
                yield Looked(line["rows"], "rows by the trainer")
        if len(lines) != len(names):
            said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            yield Skipped(f"the trainer's reader: it ended with {done.returncode} and said {said[:160]!r}")
