"""The stopping rules on real pass rates: the benchmark's table in small, with the bars that it has to clear."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from curation.difficulty.outcomes import Bounds

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = spec_from_file_location("adaptive_benchmark", ROOT / "tests" / "benchmarks" / "adaptive.py")
    assert spec
    assert spec.loader
    path, module = list(sys.path), module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    sys.path[:] = path
    return module


@pytest.mark.slow
@pytest.mark.parametrize(("bounds", "least"), [((0.1, 0.9), 11.45), ((0.0, 1.0), 8.95)])
def test_the_rules_save_what_they_are_for(
    bench: ModuleType, real_data: Path, bounds: tuple[float, float], least: float
) -> None:
    rates = bench.true_rates(bench.real_epochs(real_data), "all")
    found = {name: dict(enumerate(line)) for name, line in bench.measure(rates, bounds, 6, {}).items()}
    drawn, samples, differ, error, cover = 0, 1, 2, 4, 5
    assert len(rates) == 1209
    for name in ("exact", "exact, max_lost 1"):
        assert found[name][differ] == 0
    assert bench.least_possible(rates, Bounds(16, *bounds)) == pytest.approx(least, abs=0.005)
    assert found["exact, max_lost 1"][drawn] == pytest.approx(least, rel=0.02)
    assert found["bayes"][samples] < 0.67
    assert found["bayes"][error] < 1.03
    assert found["bayes, mean_samples 16"][error] < 0.8
    assert all(0.93 < line[cover] < 0.97 for line in found.values())
