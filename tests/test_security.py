"""What SECURITY.md promises of the code as a whole, and that every test that is named there or in docs/hostile_inputs.md exists."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("curation", "rewards", "training")
FORBIDDEN = {
    "S102": "exec", "S301": "pickle", "S302": "marshal", "S306": "mktemp", "S307": "eval", "S501": "no certificate", "S506": "yaml.load",
    "S602": "shell", "S604": "shell", "S605": "shell", "S202": "extractall",
}  # fmt: skip
"""Rules of flake8-bandit, as ruff has them. `noqa` counts for nothing; one file is let off one of them."""
LET_OFF = {"curation/core/executors/parcel.py": "S301"}
"""What a build sends its own tasks on a cluster; see SECURITY.md, what is trusted."""
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_no_line_evaluates_unpickles_or_starts_a_shell() -> None:
    rules = ["--isolated", "--ignore-noqa", "--no-cache", "--output-format=concise", f"--select={','.join(FORBIDDEN)}"]
    rules += [f"--per-file-ignores={file}:{rule}" for file, rule in LET_OFF.items()]
    command = [sys.executable, "-m", "ruff", "check", *rules, *PACKAGES, "requirements"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


DOORS = re.compile(
    r"trust_remote_code[\"']?\s*(: bool)?\s*[=:,]\s*True|weights_only\s*=\s*False|allow_pickle\s*=\s*True|verify\s*=\s*False"
)


def test_no_option_of_ours_lets_code_or_pickles_in() -> None:
    """`trust_remote_code` is passed on from the user, who wrote it."""
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    assert [file for file in files if DOORS.search(file.read_text())] == []
    assert DOORS.search("trust_remote_code=True")


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def named(page: str) -> Iterator[tuple[str, str]]:
    yield from NAMED.findall((ROOT / page).read_text())


@pytest.mark.parametrize(("page", "at_least"), [("SECURITY.md", 25), ("docs/hostile_inputs.md", 80)])
def test_every_test_that_is_named_exists(page: str, at_least: int) -> None:
    tests = set(named(page))
    assert len(tests) >= at_least
    assert [f"{file}::{name}" for file, name in sorted(tests) if name not in names_in(file)] == []


def test_the_table_leaves_none_out() -> None:
    """By its name: a new one is a new row."""
    files = [file.relative_to(ROOT).as_posix() for file in sorted((ROOT / "tests").rglob("test_*.py"))]
    hostile = {
        (file, name) for file in files for name in names_in(file) if re.match(r"test_.*(hostile|malformed|bomb)", name)
    }
    assert sorted(hostile - set(named("docs/hostile_inputs.md"))) == []
