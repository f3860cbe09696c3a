"""`score` reads lines as JSON Lines has them: a sign that Unicode calls a line end may stand in a string."""

import json
from pathlib import Path

from curation.commands.score import score_file


def test_a_line_separator_in_a_string_ends_no_line(tmp_path: Path) -> None:
    pairs, out = tmp_path / "pairs.jsonl", tmp_path / "out.jsonl"
    pair = {"gold": "2", "answer": "2", "note": "a\u2028b\u0085c"}
    pairs.write_text(json.dumps(pair, ensure_ascii=False) + "\r\n" + json.dumps(pair) + "\n", encoding="utf-8")
    score_file(pairs, out, None)
    assert [json.loads(line)["outcome"] for line in out.read_text().splitlines()] == ["correct", "correct"]
