"""README, CONTRIBUTING and docs/ are true: links lead somewhere, the reference is that of the models, and what is shown works."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def run(*command: str, folder: Path = ROOT) -> str:
    """The output of a Python program in a process of its own: the plugins of other tests are not in it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def blocks(page: Path, language: str) -> Iterator[str]:
    """The fenced blocks of a page in one language."""
    return (
        found[1] for found in re.finditer(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    )


def test_the_reference_is_that_of_the_models() -> None:
    assert run("docs/manifest.py") == (ROOT / "docs/manifest.md").read_text(), (
        "say python docs/manifest.py > docs/manifest.md"
    )


def test_the_reference_has_every_option() -> None:
    page = (ROOT / "docs/manifest.md").read_text()
    schema = json.loads(run("-c", "from curation.cli import main; main(['schema'])"))
    for model in schema["$defs"].values():
        for name, option in model.get("properties", {}).items():
            ours = "after" in model["properties"] and name != "after"  # of a stage that a manifest cannot name
            assert name == "kind" or ours or re.search(rf"^- \*\*`(\S+\.)?{name}`\*\*", page, re.MULTILINE), (
                model["title"],
                option,
            )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for place, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text()):
        target = page.parent / place if place else page
        assert target.exists(), place
        headings = re.findall(r"^#+ (.*)", target.read_text() if anchor else "", re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, (place, anchor)
