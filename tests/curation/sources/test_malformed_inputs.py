"""The bar on malformed inputs: each is rows, counted drops or one clear line; never a traceback, never a hang, never a gigabyte."""

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from curation.cli import main
from curation.core.row import row_id
from tests.curation.sources import crafted, malformed

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
SECONDS = 15
"""Of processor time, for the slowest: a file of millions of nested values."""
PEAK_MB = 1000


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What a process of its own says of every input, by name; the one it died on has no `error`."""
    folder = tmp_path_factory.mktemp("malformed")
    inputs = malformed.make(folder)
    (folder / "inputs.json").write_text(json.dumps(inputs, default=str))
    command = [sys.executable, "-m", "tests.curation.sources.malformed", str(folder / "inputs.json")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    found = {line["name"]: line for line in lines if "name" in line}
    assert done.returncode == 0, f"{lines[-1]} ended it: {done.stderr[-2000:]}"
    assert found.keys() == inputs.keys()
    return found


def test_every_malformed_input_is_rows_drops_or_one_line(lines: dict[str, dict[str, Any]]) -> None:
    assert len(lines) > 350
    damaged = [line for line in lines.values() if line["error"] or line["reasons"]]
    assert len(damaged) > 200
    for line in damaged:
        assert "\n" not in line["error"], line
        assert len(line["error"]) < 1000, line


def test_none_takes_long_or_fills_the_memory(lines: dict[str, dict[str, Any]]) -> None:
    slowest = max(lines.values(), key=lambda line: float(line["seconds"]))
    assert slowest["seconds"] < SECONDS, slowest
    largest = max(lines.values(), key=lambda line: int(line["peak_mb"]))
    assert largest["peak_mb"] < PEAK_MB, largest


EXPECTED = {
    "bomb.jsonl.gz": "a decompression bomb?",
    "bomb.jsonl.zst": "a decompression bomb?",
    "bomb.json.xz": "expected JSON",
    "bomb.tar.gz": "expected JSON",
    "bomb.zip": "a decompression bomb?",
    "bomb.parquet": "a decompression bomb?",
    "lying.zip": "cannot be expanded",
    "quine.zip": "member_refused",
    "escape.zip": "member_refused",
    "escape.tar": "member_refused",
    "members.zip": "no member ends in .json",
    "twice.json.gz": "is compressed twice",
    "line.jsonl": "record_too_large",
    "values.jsonl": "record_too_large",
    "values.json": "record_too_large",
    "string.json": "more than 32 MiB in one record",
    "columns.json": "expected a list of rows",
    "words.jsonl": "question_too_long",
    "line.csv": "a line of more than 8 Mi characters",
    "columns.csv": "300000 columns",
    "deep.json": "truncated_file",
    "number.jsonl": "line_not_json",
    "image 'huge.png' of shown": "picture_too_large",
    "image 'huge.png' of shown.zip": "picture_too_large",
    "image 'long.png' of shown.tar": "picture_too_large",
    "image 'huge.gif' of shown": "picture_too_large",
    "image 'x.svg' of shown.zip": "picture_unreadable",
    "image 'x.eps' of shown": "picture_unreadable",
    "image 'empty.png' of shown.tar": "picture_unreadable",
    "image 'loop.png' of shown": "picture_missing",
    "image 'pipe.png' of shown": "picture_missing",
    "image 'out.png' of shown": "picture_outside_root",
    "image 'zero.png' of shown": "picture_outside_root",
    "image '../x.png' of shown.zip": "picture_outside_root",
    "image '/dev/zero' of shown.tar": "picture_outside_root",
    "image 'a\\x00b' of shown": "picture_missing",
    "links 'data/**/*.jsonl'": "line_not_json",
    "links 'self.jsonl'": "no such file",
    "links 'zero.jsonl'": "no such file",
    "links 'pipe.jsonl'": "no such file",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_wrong_is_named(lines: dict[str, dict[str, Any]], name: str) -> None:
    line = lines[name]
    assert EXPECTED[name] in line["error"] + " ".join(line["reasons"])


def test_an_image_is_known_by_all_its_pixels() -> None:
    """Told band by band as at once, in every mode."""
    noise = Image.effect_noise((300, 600), 90)
    for mode, kind, options in (
        ("1", "PNG", {}), ("L", "PNG", {"transparency": 3}), ("LA", "PNG", {}), ("P", "PNG", {"transparency": 7}), ("P", "GIF", {}),
        ("RGB", "JPEG", {}), ("RGB", "PNG", {"transparency": (9, 9, 9)}), ("RGBA", "WEBP", {}), ("CMYK", "JPEG", {}), ("I", "TIFF", {}),
    ):  # fmt: skip
        data = crafted.in_memory(lambda out, m=mode, k=kind, o=options: noise.convert(m).save(out, k, **o))
        pixels = Image.open(io.BytesIO(data)).convert("RGBA")
        expected = hashlib.blake2b(b"Q|300x600|" + pixels.tobytes(), digest_size=16).hexdigest()
        assert row_id("Q", [data]) == expected, (mode, kind)


def build(folder: Path, sources: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    manifest = {
        "name": "hostile",
        "rl": {"sources": [{"kind": "table", "fields": malformed.FIELDS, **s} for s in sources]},
    }
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    code = main(["build", str(folder / "manifest.yaml"), "--out", str(folder / "out")])
    return code, capsys.readouterr().err


def test_a_build_drops_what_is_malformed_and_balances(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = {"valid.png": malformed.valid_images()["p.png"], "huge.png": crafted.png_header(50_000, 50_000)}
    crafted.put(tmp_path / "shown.zip", crafted.zipped(shown))
    names = ["valid.png", "huge.png", "../up.png", "none.png"]
    lines = [json.dumps({**malformed.RECORDS[n], "i": name}) for n, name in enumerate(names)] + [
        '{"q": "lone \\ud800"}',
        "broken",
    ]
    crafted.put(tmp_path / "rows.zip", crafted.zipped({"rows.jsonl": "\n".join(lines).encode(), "../rows.jsonl": b""}))
    images = {"fields": {**malformed.FIELDS, "images": "i"}, "images": {"root": "shown.zip"}}
    code, error = build(tmp_path, [{"name": "rows", "path": "rows.zip", "accept": ["bad_rows"], **images}], capsys)
    assert code == 0, error
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert summary["balanced"]
    table = summary["configs"]["rl"]["sources"]["rows"]
    assert (table["in"], table["out"], table["dropped"]) == (7, 1, 6)


def test_a_build_on_a_bomb_ends_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crafted.put(tmp_path / "bomb.zip", crafted.big_zip())
    code, error = build(tmp_path, [{"name": "bomb", "path": "bomb.zip"}], capsys)
    assert code == 1
    assert [line for line in error.splitlines() if "a decompression bomb?" in line] == [error.splitlines()[-1]]
    assert "Traceback" not in error
