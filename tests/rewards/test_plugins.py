"""Kinds of another package: found once imported, certified like the others, and known to processes that load them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RHYMES = """
from typing import Literal

from rewards import Kind
from rewards.verdict import Ruling


class Rhymes(Kind):
    kind: Literal["rhymes"] = "rhymes"
    letters: int = 3

    def against(self, gold):
        return lambda answer: Ruling.of(gold[-self.letters :] == answer[-self.letters :], "ending")

    def equivalents(self, gold):
        yield "longer", f"un{gold}"

    def near_misses(self, gold):
        yield "plural", f"{gold}s"
"""
BEFORE_AND_AFTER = """
import rewards
assert "rhymes" not in rewards.kinds()
import verse.rhymes
assert list(rewards.kinds()) == sorted(rewards.kinds()) and "rhymes" in rewards.kinds()
assert rewards.judge("nation", r"\\boxed{station}", "rhymes").reward == 1.0
assert rewards.judge("nation", r"\\boxed{stations}", "rhymes", {"letters": 2}).reward == 0.0
"""
LOADED = """
import rewards
rewards.load_plugins(["verse.rhymes"])
assert rewards.read_gold("nation", {"kind": "rhymes"}).answer == "nation"
from rewards.score import score
assert score({"gold": "nation", "answer": "ration", "kind": "rhymes"})["reward"] == 1.0
"""
IN_TRAINING = """
from rewards.adapters import trl, verl
assert trl.accuracy(completions=[r"\\boxed{ration}"], answer=["nation"], answer_kind=["rhymes"]) == [1.0]
assert verl.compute_score("verse", r"\\boxed{ration}", "nation", {"answer_kind": "rhymes"}) == 1.0
"""
CERTIFIED = """
import rewards
from rewards.certify import cases, certify
rewards.load_plugins(["verse.rhymes"])
assert [(case.answer, case.right) for case in cases("nation", "rhymes")] == [("nation", True), ("unnation", True), ("nations", False)]
row = {"source": "verse", "answer": "nation", "answer_kind": "rhymes", "answer_options": "{}"}
for where in ("here", "thread", "process"):
    group = certify([row], where).groups["verse", "rhymes"]
    assert (group.cases, group.failures) == (3, []), (where, group)
"""
RELOADED = """
import importlib, rewards, verse.rhymes
importlib.reload(verse.rhymes)
assert rewards.kinds()["rhymes"] is verse.rhymes.Rhymes
"""


@pytest.fixture
def verse(tmp_path: Path) -> Path:
    """A folder with the package `verse`, whose module `rhymes` defines a kind."""
    (tmp_path / "verse").mkdir()
    (tmp_path / "verse" / "rhymes.py").write_text(RHYMES)
    return tmp_path


def run(code: str, folder: Path, plugins: str = "") -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder), str(ROOT)])
    env = {**os.environ, "PYTHONPATH": path, "OVR_REWARD_PLUGINS": plugins}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("code", "plugins"),
    [(BEFORE_AND_AFTER, ""), (LOADED, ""), (IN_TRAINING, "verse.rhymes"), (CERTIFIED, ""), (RELOADED, "")],
    ids=["imported", "loaded", "training", "certified", "reloaded"],
)
def test_a_kind_of_another_package(code: str, plugins: str, verse: Path) -> None:
    done = run(code, verse, plugins)
    assert done.returncode == 0, done.stderr


def test_two_kinds_of_one_name_are_an_error_that_names_both(verse: Path) -> None:
    (verse / "verse" / "poems.py").write_text(RHYMES)
    (verse / "verse" / "words.py").write_text(RHYMES.replace("rhymes", "text"))
    done = run("import rewards; rewards.load_plugins(['verse.rhymes', 'verse.poems'])", verse)
    assert "TypeError: two kinds are named 'rhymes': in verse.poems and in verse.rhymes" in done.stderr
    done = run("import rewards, verse.words; rewards.judge('a', 'b')", verse)
    assert "TypeError: two kinds are named 'text': in rewards.kinds.text and in verse.words" in done.stderr


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("verse.absent", "ModuleNotFoundError: No module named 'verse.absent'"),
        ("verse.broken", "ValueError: two lines"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_one_line(module: str, reason: str, verse: Path) -> None:
    (verse / "verse" / "broken.py").write_text(r"raise ValueError('two\nlines')")
    line = f"ImportError: cannot import the reward plugin {module!r}: {reason}"
    for code, plugins in (
        (f"import rewards; rewards.load_plugins([{module!r}])", ""),
        ("import rewards; rewards.kinds()", module),
    ):
        assert run(code, verse, plugins).stderr.splitlines()[-1] == line
