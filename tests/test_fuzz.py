"""A slice of `make fuzz`: the first round of readers and judge, a few seconds each. That of report and card is in test_report.py."""

import pytest

from tests.fuzz.__main__ import fuzz


@pytest.mark.slow
@pytest.mark.parametrize(("part", "examples"), [("readers", 60), ("judge", 250)])
def test_a_slice_of_the_fuzz_job_finds_nothing(part: str, examples: int) -> None:
    fuzz(part, 0, examples)
