"""What mypy refuses of a row, and that its keyword fields are its fields."""

import dataclasses
import sys
from pathlib import Path
from typing import get_type_hints

import pytest
from mypy import api

from curation.core.row import NewRowFields, Row, RowFields

ROOT = Path(__file__).parents[3]
SNIPPETS = {
    'make_row(source="s", source_id="1", question="q", answer=5)': 'Argument "answer" to "make_row" has incompatible type "int"',
    'make_row(source="s", source_id="1", question="q", no_such_field=1)': 'Unexpected keyword argument "no_such_field"',
    'row.changed("stage", "what", verifed="correct")': 'Unexpected keyword argument "verifed"',
    'row.changed("stage", "what", verified="maybe")': 'Argument "verified" to "changed" of "Row" has incompatible type',
    'row.changed("stage", "what", stratum="impossible")': 'Argument "stratum" to "changed" of "Row" has incompatible type',
    'drop("reason", 5)': 'Argument 2 to "drop" has incompatible type "int"',
    'LedgerLine("sft", "id", "s", "1", "stage", "dropped", "reason")': 'Argument 1 to "LedgerLine" has incompatible type',
}


@pytest.mark.slow
def test_mypy_refuses_fields_that_are_not_there_and_values_that_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    imports = "from curation.core.decision import drop\nfrom curation.core.ledger import LedgerLine\nfrom curation.core.row import Row, make_row\n"
    good = (
        'row: Row = make_row(source="s", source_id="1", question="q", answer="5").changed("s", "w", verified="correct")'
    )
    (tmp_path / "snippets.py").write_text("\n".join([imports + good, *SNIPPETS]))
    config = ["--config-file", str(ROOT / "pyproject.toml"), "--python-executable", sys.executable]
    out, _, _ = api.run(
        [*config, "--cache-dir", str(ROOT / ".mypy_cache"), "--no-error-summary", str(tmp_path / "snippets.py")]
    )
    lines = [line for line in out.splitlines() if "snippets.py" in line and ": error:" in line]
    assert len(lines) == len(SNIPPETS), out
    for line, message in zip(lines, SNIPPETS.values(), strict=True):
        assert message in line


def test_keyword_fields_are_the_fields_of_a_row() -> None:
    fields = {field.name: get_type_hints(Row)[field.name] for field in dataclasses.fields(Row)}
    assert get_type_hints(RowFields) == {name: kind for name, kind in fields.items() if name != "provenance"}
    assert get_type_hints(NewRowFields).items() <= fields.items()
