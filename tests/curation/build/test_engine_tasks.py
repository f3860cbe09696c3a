"""A build whose measurement several engines share, one of which is killed: the bytes of one engine, nothing that was kept drawn again."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.curation.conftest import run, shard_bytes

MODULE = '''
import os
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from curation.sampling.engines.base import Engine, Response, Sample, sample_seed


class Coin(Engine):
    """Says 3 or 4 and notes it, its start too. Where there is a file `kill`, the 60th sample ends its process."""
    kind: Literal["shared_coin"] = "shared_coin"
    model: str = "shared_coin"
    refuses: int = 0
    refuses_from: int = 0

    def identity(self):
        return "shared_coin", "1"

    @contextmanager
    def open(self):
        self.note("opened", "")
        yield self

    def note(self, key, number):
        with (Path(__file__).parent / "log").open("a") as log:
            log.write(f"{key} {number}\\\\n")

    def generate(self, requests, options):
        for r in requests:
            if int(r.key[:2], 16) < self.refuses and max(r.sample_numbers) >= self.refuses_from:
                self.note(r.key, "refused")
                yield Response(r.key, (), prompt_tokens=0, refused="too long")
                continue
            for n in r.sample_numbers:
                self.note(r.key, n)
                kill = Path(__file__).parent / "kill"
                if kill.exists() and len((Path(__file__).parent / "log").read_text().splitlines()) >= 60:
                    kill.unlink()
                    os.kill(os.getpid(), signal.SIGKILL)
                seed = sample_seed(r.seed, r.key, n)
                right = 3 if seed % 40 < int(r.key[:2], 16) % 40 else 4
                yield Response(r.key, (Sample(n, rf"\\\\boxed{{{right}}}", "stop", n_tokens=1, seed=seed),), prompt_tokens=0)
'''.replace("\\\\", "\\")
BATCH, FIRST = 4, 4


def manifest(folder: Path, refuses: int = 0, refuses_from: int = 0, **options: Any) -> Path:
    (folder / "shared_coin.py").write_text(MODULE)
    rows = [{"id": i, "q": f"How far is town {i} from town {i * 7 % 50}?", "a": "3"} for i in range(40)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = {"kind": "table", "path": "rows.jsonl", "fields": {"question": "q", "answer": "a", "id": "id"}}
    source["accept"] = ["one_gold"]
    stopping = {"kind": "bayes", "first_round": refuses_from or FIRST}
    difficulty = {
        "sampler": {"kind": "shared_coin", "refuses": refuses, "refuses_from": refuses_from},
        "n": 4,
        "batch_prompts": BATCH,
        "stopping": stopping,
        **({"max_pass_rate": None} if refuses else {}),
    }
    section = {"sources": [source], "dedup": {"near": False}, "difficulty": difficulty, "triage": {"keep": ["hard"]}}
    path = folder / "manifest.yaml"
    path.write_text(yaml.safe_dump({"name": "shared", "plugins": ["shared_coin"], "rl": section, "run": options}))
    return path


def drawn(folder: Path) -> Counter[str]:
    """What the engine has noted since the last time."""
    lines = (folder / "log").read_text().splitlines()
    (folder / "log").unlink()
    return Counter(lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of the plugin, which a process imports once."""
    return tmp_path_factory.mktemp("shared")


@pytest.mark.slow
def test_an_engine_that_is_killed_costs_what_it_had_not_kept(folder: Path, tmp_path: Path) -> None:
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    run(manifest(folder), alone)
    expected = drawn(folder)
    path = manifest(folder, workers=2, engine_tasks=3)
    (folder / "kill").touch()
    run(path, shared)
    counts = drawn(folder)
    assert not (folder / "kill").exists()
    assert shard_bytes(shared) == shard_bytes(alone)
    assert expected.pop("opened ") == 1
    del counts["opened "]
    assert counts.keys() == expected.keys()
    twice = [key for key, n in counts.items() if n > 1]
    assert len(twice) <= 2 * BATCH * FIRST  # what two tasks had under way


@pytest.mark.slow
@pytest.mark.parametrize(("refuses", "refuses_from"), [(64, 0), (256, 2)])
def test_what_an_engine_refuses_is_not_asked_again_and_loads_no_engine_for_the_decision(
    refuses: int, refuses_from: int, folder: Path, tmp_path: Path
) -> None:
    """An engine may refuse a single sample, by what a server's filter makes of it."""
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    run(manifest(folder, refuses=refuses, refuses_from=refuses_from), alone)
    expected = drawn(folder)
    run(manifest(folder, refuses=refuses, refuses_from=refuses_from, workers=2, engine_tasks=2), shared)
    counts = drawn(folder)
    assert shard_bytes(shared) == shard_bytes(alone)
    assert expected.pop("opened ") == 1
    assert counts.pop("opened ") <= 2 * 2  # two passes
    assert counts == expected
    assert sum("refused" in note for note in counts) >= 5
