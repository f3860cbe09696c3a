"""`ovr-curate preview`: rows beside their records, what a build would do with them, and no more of a source than is shown."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from curation.cli import main
from curation.commands.preview_text import plain_text, shortened

RECORDS = [
    {"q": "Which of these floats on water?", "options": ["a cork", "a coin"], "gold": "A", "picture": "p.png"},
    {"q": "  \\text{Compute}   $3+4$. Please reason step by step.", "options": None, "gold": "7", "picture": None},
    {"q": "Which of these floats on water?", "options": ["a cork", "a coin"], "gold": "E", "picture": "p.png"},
    {"q": "See https://example.org for the whole story", "options": None, "gold": "12", "picture": None},
]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(picture, "PNG")
    (tmp_path / "p.png").write_bytes(picture.getvalue())
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    path = tmp_path / "m.yaml"
    path.write_text(
        "name: little\n"
        "rl:\n"
        "  sources:\n"
        "    - kind: table\n"
        "      name: rows\n"
        "      path: rows.jsonl\n"
        "      fields: {question: q, answer: gold, options: options, images: picture}\n"
        "      images: {required: false}\n"
        "    - {kind: visual_puzzles, count: 3}\n"
        "  filters:\n"
        "    - {kind: length, max_chars: 60}\n"
        "    - {kind: token_budget, processor: /nowhere, max_prompt_tokens: 9}\n"
    )
    return path


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["preview", *arguments]) == 0
    return capsys.readouterr().out


def test_a_row_stands_beside_its_record(manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, str(manifest), "--source", "rows", "--images", str(tmp_path / "seen"))
    assert "record    rows.jsonl, record 1" in text
    assert "  options: ['a cork', 'a coin']" in text
    assert "options   A. a cork\n          B. a coin" in text
    assert "gold      A  (choice)" in text
    assert "40x30 PNG" in text
    assert [file.read_bytes() for file in (tmp_path / "seen/rl").iterdir()] == [(tmp_path / "p.png").read_bytes()]
    assert "bad row: gold_not_in_options" in text
    assert "not tried, for they load a model: token_budget" in text


def test_what_normalisation_changed_is_said(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, str(manifest), "--source", "rows", "--skip", "1", "-n", "1")
    assert "changed   normalise:" in text
    assert "becomes   " in text
    assert "rows/1" not in text


def test_a_drop_of_a_filter_and_a_drawn_source(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest.write_text(manifest.read_text().replace("60", "20"))
    text = shown(capsys, str(manifest), "-n", "1")
    assert "a build drops it: length: " in text
    assert "none: the source draws its rows" in text


def test_the_template_is_what_the_model_sees(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "put your final answer" in shown(capsys, str(manifest), "--source", "rows", "-n", "1", "--template")


def test_only_what_is_shown_is_read(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (manifest.parent / "rows.jsonl").open("a") as file:
        file.write("no record at all\n" * 50)
    assert "line_not_json" not in shown(capsys, str(manifest), "--source", "rows", "-n", "2")


def test_mistakes_are_one_line(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", str(manifest), "--source", "row"]) == 1
    assert "did you mean 'rows'?" in capsys.readouterr().err
    (manifest.parent / "rows.jsonl").unlink()
    assert main(["preview", str(manifest), "--source", "rows"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert main(["preview", str(manifest), "-n", "1"]) == 0  # the other source can be read
    assert "rows.jsonl" in capsys.readouterr().out


def test_values_are_short_and_steer_no_terminal() -> None:
    assert shortened("x" * 1000).endswith("... (1000 characters)")
    assert (
        shortened({"b": b"123", "n": None, "l": list(range(9))})
        == "{'b': <3 bytes>, 'n': None, 'l': [0, 1, 2, 3, 4, 5, ... (9 in all)]}"
    )
    assert "\x1b" not in plain_text("\x1b[2Jgone") + shortened("\x1b[2Jgone")
    assert plain_text("café 试题\n") == "café 试题\n"
