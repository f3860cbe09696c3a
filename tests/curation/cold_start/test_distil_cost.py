"""What distilling will cost is foreseen from a pilot, which the build then finds, and is what it takes."""

import re
from pathlib import Path

import pytest

from curation.build.build import BuildOptions
from curation.build.dry_run import dry_run
from tests.curation.cold_start.distilling import manifest, paid, prompt, teacher
from tests.curation.conftest import run

pytestmark = pytest.mark.slow

N, PILOT = 160, 80


def test_the_forecast_of_a_pilot_is_within_a_fifth_of_what_is_spent(tmp_path: Path) -> None:
    records = [prompt(i, i * 37 % 89) for i in range(97)] + [prompt(i, 89 + i * 41 % 97) for i in range(N - 97)]
    with teacher(tmp_path) as server:
        path = manifest(tmp_path, records, server.url)
        told = dry_run(path, tmp_path / "out", BuildOptions(), pilot=PILOT)
        of_pilot = paid(server.path)
        assert len({text for text, _ in of_pilot}) == PILOT
        spent = run(path, tmp_path / "out")["configs"]["cold_start"]["distil"]["sums"]
        assert "finished, nothing would run" in dry_run(path, tmp_path / "out", BuildOptions())
        every = paid(server.path)
    assert f"told by {PILOT} prompts" in told
    assert of_pilot.total() < 0.7 * every.total()
    assert every.total() == len(every)
    for what in ("samples", "tokens"):
        found = re.search(rf"about ([\d,]+) {what} ", told)
        assert found, told
        assert float(found[1].replace(",", "")) == pytest.approx(spent[what], rel=0.2)
