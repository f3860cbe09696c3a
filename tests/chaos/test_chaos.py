"""A build for each kind of fault; `make chaos` runs more."""

import random
from collections.abc import Iterator

import pytest

from tests.chaos.builds import Chaos, chaos

TEN = ("kill_build", "kill_worker", "kill_engine", "terminate", "source_gone", "corrupt_dead", "corrupt_live", "disk_full", "out_of_memory", "hang")  # fmt: skip
"""Of the fifteen; `read_only`, `interrupt` and `stage_gone` go the ways of others; tests of their own look at the clock and a second build."""


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chaos]:
    with chaos(tmp_path_factory.mktemp("chaos")) as subject:
        yield subject


@pytest.mark.slow
@pytest.mark.parametrize("fault", TEN)
def test_a_build_that_a_fault_hits_ends_with_the_same_bytes(subject: Chaos, fault: str) -> None:
    result = subject.hit(fault, random.Random(fault))
    assert not result.wrong, f"{result}"
