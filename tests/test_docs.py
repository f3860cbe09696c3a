"""README, CONTRIBUTING and docs/ are true: links lead somewhere, the reference is that of the models, and what is shown works."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import rewards
from curation.build.manifest import Manifest
from curation.core.parquet import read_records

ROOT = Path(__file__).parents[1]
LEDGER = ("source", "source_id", "stage", "action", "reason", "detail")
FRONT = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
PAGES = [*(ROOT / name for name in FRONT), *sorted((ROOT / "docs").glob("*.md"))]


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


EXAMPLES = list(blocks(ROOT / "docs/manifest.md", "yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_examples_of_the_reference_load(example: str) -> None:
    """With the name, the sources and the sampler that a piece of a manifest leaves out."""
    manifest: dict[str, Any] = {"name": "example", **yaml.safe_load(example)}
    for section in [manifest["cold_start"]] if "cold_start" in manifest else [manifest.setdefault("rl", {})]:
        (source, *_) = section.setdefault("sources", [{"kind": "visual_puzzles"}])
        if "difficulty" in section:
            section["difficulty"].setdefault("sampler", {"kind": "vllm", "model": "a/b"})
        for rule in source.get("gold", {}).get("rules", ()):
            source |= {"kind": "table", "path": "x.jsonl", "fields": {"question": "q", "answer": "a"}}
            rewards.make_verifier("1", rule["kind"], rule.get("options"))
    Manifest.model_validate(manifest)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for place, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text()):
        target = page.parent / place if place else page
        assert target.exists(), place
        headings = re.findall(r"^#+ (.*)", target.read_text() if anchor else "", re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, (place, anchor)


def test_the_shell_examples_of_the_readme_are_commands_that_exist() -> None:
    """Those of `ovr-train` too; the ones of `ovr-curate` are looked for in the other direction by tests/curation/test_cli.py."""
    from training.cli import COMMANDS

    named = set(re.findall(r"`ovr-train ([\w-]+)", (ROOT / "README.md").read_text().partition("## Status")[0]))
    assert named == set(COMMANDS)


def test_python_examples_give_what_their_comments_say() -> None:
    for page in (ROOT / "README.md", ROOT / "docs/rewards.md"):
        for block in blocks(page, "python"):
            names: dict[str, object] = {}
            exec(block, names)
            for call, expected in re.findall(r"^(rewards\..*|verifier\..*)  # (.*)$", block, re.MULTILINE):
                assert repr(eval(call, names)) == expected, call


EQUAL = re.findall(
    r"^\|(?: `(\w+)`(?: `([^`]+)`)? \|)? `([^`]+)` \| `([^`]+)` \| (correct|wrong) \|",
    (ROOT / "docs/rewards.md").read_text(),
    re.MULTILINE,
)


@pytest.mark.parametrize(("kind", "options", "gold", "answer", "outcome"), EQUAL)
def test_what_counts_as_equal_is_what_the_page_says(
    kind: str, options: str, gold: str, answer: str, outcome: str
) -> None:
    verdict = rewards.judge(gold, rf"\boxed{{{answer}}}", kind or "math", options or None)
    assert verdict.outcome == outcome


def test_the_page_has_rows_for_every_kind_that_reads_a_gold() -> None:
    assert {row[0] or "math" for row in EQUAL} == rewards.kinds().keys() - {"reasoning_gym", "unreadable"}
    assert len(EQUAL) > 80


@pytest.mark.slow
def test_the_build_of_the_readme_gives_what_it_shows(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    manifest = next(blocks(ROOT / "README.md", "yaml"))
    assert len(manifest.splitlines()) == 8
    (tmp_path / "mine.yaml").write_text(manifest)
    run("-m", "curation.cli", "build", "mine.yaml", "--out", "build/mine", "--workers", "2", folder=tmp_path)
    out = tmp_path / "build/mine"
    for source, counts in json.loads((out / "summary.json").read_text())["configs"]["rl"]["sources"].items():
        shown = ", ".join(f'"{key}": {counts[key]}' for key in ("in", "out", "dropped", "merged"))
        assert f'"{source}": {{{shown}, "reasons"' in readme
    for split in ("train", "test"):
        rows = list(read_records(next((out / "data/rl").glob(f"{split}-*"))))
        assert f"{len(rows)} rows" in readme
        for row_id, answer, kind, source_id in re.findall(
            r"^\| (\w{8})\.\.\. .*PNG \| (\d+) \| (\w+) \| (\S+) \|", readme, re.MULTILINE
        ):
            found = [row for row in rows if row["source_id"] == source_id]
            assert split == "test" or [(r["id"][:8], r["answer"], r["answer_kind"]) for r in found] == [
                (row_id, answer, kind)
            ]
    ledger = ["| " + " | ".join(line[name] for name in LEDGER) + " |" for line in read_records(out / "ledger.parquet")]
    shown = re.findall(r"^\| visual_puzzles \|.*", readme, re.MULTILINE)
    assert len(shown) == 2
    assert {re.sub(r"\| \|$", "|  |", line) for line in shown} <= set(ledger)
    assert "  reasoning-gym: 0.1.25\n" in (out / "manifest.lock.yaml").read_text()


@pytest.mark.slow
def test_the_plugins_of_contributing_build_as_they_are(tmp_path: Path) -> None:
    page = ROOT / "CONTRIBUTING.md"
    for block in [*blocks(page, "python"), *blocks(page, "yaml")]:
        (tmp_path / block.splitlines()[0].removeprefix("# ")).write_text(block)
    (tmp_path / "riddles.jsonl").write_text(next(blocks(page, "jsonl")))
    run("-m", "curation.cli", "build", "riddles.yaml", "--out", "out", folder=tmp_path)
    ledger = {
        line["source_id"]: (line["stage"], line["reason"]) for line in read_records(tmp_path / "out/ledger.parquet")
    }
    assert ledger == {
        "0": ("shards", "train"),
        "1": ("shards", "train"),
        "2": ("05-rl-filter", "shouting"),
        "3": ("03-rl-count_words", "few_words"),
        "4": ("01-rl-collect", "answer_missing"),
    }
    rows = [row for shard in (tmp_path / "out/data/rl").glob("*") for row in read_records(shard)]
    assert {(row["answer_kind"], row["n_words"], row["difficulty"]["n_judged"]) for row in rows} == {
        ("anagram", 8, 4),
        ("anagram", 6, 4),
    }
    assert "anagram" in run("-m", "curation.cli", "certify", "out", folder=tmp_path)
