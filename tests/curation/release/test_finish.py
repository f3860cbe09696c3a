"""The documents behind a build: made once, made again when they or what they were made of is another, and the same in public."""

import json
from pathlib import Path

import pytest

from curation.build.build import build
from curation.release.dataset import open_dataset
from curation.release.finish import finish
from curation.release.public import PUBLIC, write_public
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

    (out / "README.md").write_text("another card")
    finish(out)
    assert {name: data for name, (_, data) in stamps(out).items()} == {name: data for name, (_, data) in made.items()}

    public = write_public(open_dataset(out))
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
    assert write_public(public).path == public.path, "what is public stays as it is"
