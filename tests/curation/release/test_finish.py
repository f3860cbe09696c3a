"""The documents behind a build: made once, made again when they or what they were made of is another, and the same in public."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from curation.build.build import build
from curation.commands.check.report import check, examine, kinds
from curation.core.errors import BuildError
from curation.release.card.own import BEGIN
from curation.release.dataset import open_dataset
from curation.release.finish import finish
from curation.release.public import FOLDER, PUBLIC, write_public
from tests.curation.conftest import Write

DOCUMENTS = ["error_budget.json", "removed.parquet", "README.md", "croissant.json", "report.html"]


def stamps(out: Path) -> dict[str, tuple[int, bytes]]:
    return {name: ((out / name).stat().st_mtime_ns, (out / name).read_bytes()) for name in DOCUMENTS}


@pytest.mark.slow
def test_documents_are_made_once_and_again_where_one_is_another(write_manifest: Write, tmp_path: Path) -> None:
    rows = "".join(json.dumps({"q": f"What is {n} + {n}?", "a": "" if n == 4 else str(2 * n)}) + "\n" for n in range(8))
    (tmp_path / "sums.jsonl").write_text(rows)
    source = {"kind": "table", "name": "sums", "path": "sums.jsonl", "fields": {"question": "q", "answer": "a"}}
    out = tmp_path / "out"
    build(write_manifest({"rl": {"sources": [{**source, "accept": ["bad_rows"]}]}}), out)
    assert [file.name for file in finish(out)] == DOCUMENTS
    made = stamps(out)
    assert [file.name for file in finish(out)] == DOCUMENTS
    assert stamps(out) == made, "written again, though nothing changed"

    card = out / "README.md"
    card.write_text("another card")
    finish(out)
    assert {name: data for name, (_, data) in stamps(out).items()} == {name: data for name, (_, data) in made.items()}
    assert (out / "README.edited.md").read_text() == "another card"
    card.write_text(card.read_text().replace(BEGIN, f"{BEGIN}\n\nSeen by **us**."))
    written = card.read_bytes()
    finish(out)
    finish(out, again=True)
    assert card.read_bytes() == written, "own words stay"

    for of_another_build in ("contaminated_items.parquet", "loss.json"):
        (out / of_another_build).write_text("{}")
    public = write_public(open_dataset(out), out / FOLDER)
    for of_another_build in ("contaminated_items.parquet", "loss.json"):
        (out / of_another_build).unlink()
    assert {file.name for file in public.path.iterdir()} == {*PUBLIC, "data"} - {
        "contaminated_items.parquet", "loss.json", "loss.png",
    }  # fmt: skip
    texts = {
        name: (public.path / name).read_text()
        for name in PUBLIC
        if name.endswith(("json", "yaml", "md", "html")) and (public.path / name).exists()
    }
    assert all(str(tmp_path) not in text for text in texts.values())
    assert all("4 + 4" not in text for text in texts.values()), "a row that went is quoted"
    assert len([*public.records("rl", ["id"])]) == 7
    assert write_public(public, out / FOLDER).path == public.path, "what is public stays as it is"

    set_ = Path(shutil.copytree(public.path, tmp_path / "set"))
    assert documents_of(set_) == documents_of(out) == {}
    for folder in (out, set_):
        for name, edit in EDITS.items():
            whole = (folder / name).read_bytes()
            (folder / name).write_bytes(edit(whole))
            assert name in documents_of(folder), f"{folder.name}/{name} was edited, and nothing is said"
            (folder / name).write_bytes(whole)
    build(write_manifest({"seed": 1, "rl": {"sources": [{**source, "accept": ["bad_rows"]}]}}), out)
    finish(out)
    assert b"Seen by **us**." in card.read_bytes() != written
    assert documents_of(out) == {}
    assert len([*out.glob("README.edited*")]) == 1


EDITS: dict[str, Callable[[bytes], bytes]] = {
    "README.md": lambda whole: whole.replace(b"7 rows in train", b"8888 rows in train"),
    "report.html": lambda whole: whole.replace(b">7<", b">900<"),
    "croissant.json": lambda whole: b"null",
    "error_budget.json": lambda whole: b"{}",
}


def documents_of(folder: Path) -> dict[str, str]:
    """File -> a finding of `check` about it, of the check of documents alone."""
    found = examine(folder, skip=[kind for kind in kinds() if kind != "documents"]).findings
    return {finding.where: finding.what for _, finding in found}


def test_a_build_without_rows_is_a_finding(write_manifest: Write, tmp_path: Path) -> None:
    source = {"kind": "visual_puzzles", "families": ["count"], "modality": "text", "levels": 1, "count": 3}
    manifest = write_manifest({"rl": {"sources": [source], "filters": [{"kind": "length", "max_chars": 5}]}})
    with pytest.raises(BuildError, match="no rows are left"):
        build(manifest, tmp_path / "out")
    with pytest.raises(BuildError, match="no row is left of rl"):
        check(tmp_path / "out")
