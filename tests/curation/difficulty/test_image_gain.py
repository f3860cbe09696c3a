"""Is the image needed? Pass rates with blank and with swapped images, the interval of what they lose, and what becomes of it."""

import io
import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from curation.build.load import load_manifest
from curation.core.errors import ManifestError
from curation.core.row import Row
from curation.difficulty.triage.gain import Rate, difference, image_gain, need, share
from curation.difficulty.triage.images import find_donors
from curation.difficulty.triage.marks import Triage
from curation.difficulty.triage.stage import TABLE
from curation.sampling.engines.base import Request, Response, Sample, SamplingOptions, sample_seed
from curation.sampling.images import blank
from tests.curation.conftest import Write
from tests.curation.difficulty.test_triage import row
from tests.curation.difficulty.test_triage_step import ScriptedPassRate, measured, triage
from tests.curation.sampling.models import Scripted, png
from tests.curation.stages import stored

BOTH = Triage(images=("blank", "swapped"))


def auc(first: Sequence[float], second: Sequence[float]) -> float:
    """How often a value of the first is above one of the second (ties count half)."""
    a, b = np.array(first)[:, None], np.array(second)
    return float((a > b).mean() + (a == b).mean() / 2)


@pytest.mark.parametrize(
    ("first", "second", "interval"),
    [  # the examples of Newcombe (1998), table II, method 10
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.0582, 0.8062)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 10), (-0.2775, 0.2775)),
        ((10, 10), (0, 10), (0.6075, 1.0)),
    ],
)
def test_the_interval_is_newcombes(
    first: tuple[int, int], second: tuple[int, int], interval: tuple[float, float]
) -> None:
    found = difference(share(*first), share(*second))
    assert (found.low, found.high) == pytest.approx(interval, abs=1e-4)


@pytest.mark.parametrize(
    ("with_image", "without", "expected"),
    [
        ((8, 8), {"blank": (0, 8), "swapped": (1, 8)}, "needed"),
        ((8, 8), {"blank": (8, 8), "swapped": (8, 8)}, "idle"),
        ((8, 8), {"blank": (4, 8)}, "needed"),
        ((6, 8), {"blank": (3, 8), "swapped": (5, 8)}, "unclear"),
        ((2, 8), {"blank": (1, 8), "swapped": (1, 8)}, "unclear"),
        ((12, 16), {"blank": (12, 16), "swapped": (13, 16)}, "idle"),
        ((7, 8), {"blank": (7, 8), "swapped": (0, 8)}, "idle"),
        ((7, 8), {"blank": (0, 8), "swapped": (7, 8)}, "idle"),
        ((8, 8), {"blank": (0, 0), "swapped": (0, 8)}, "needed"),
        ((8, 8), {"blank": (0, 0)}, ""),
    ],
)
def test_an_image_is_needed_idle_or_it_is_unclear(
    with_image: tuple[int, int], without: dict[str, tuple[int, int]], expected: str
) -> None:
    gain, found = image_gain(share(*with_image), without)
    assert found == expected
    assert (gain is None) == (not expected)


def test_a_sure_gain_is_needed_however_small() -> None:
    assert need(Rate(0.9, 0.8, 1.0), [Rate(0.1, 0.01, 0.2)]) == "needed"


def pictured(name: str, color: str, source: str = "test", n: int = 1) -> Row:
    return row(name, images=tuple(png(color, 60 + k) for k in range(n)), source=source)


def test_donors_are_rows_of_the_source_with_as_many_and_other_images(tmp_path: Path) -> None:
    rows = [pictured(f"a{i}", ("red", "blue")[i % 2]) for i in range(9)]
    rows += [pictured("two", "red", n=2), pictured("b1", "red", "other"), pictured("b2", "red", "other"), row("text")]
    pool = np.arange(12)
    donors = find_donors(stored([rows[:5], rows[5:]], tmp_path / "all"), pool, seed=3)
    assert donors[9:].tolist() == [-1, -1, -1]
    assert all(rows[donor].images != rows[i].images for i, donor in enumerate(donors[:9].tolist()))
    assert set(donors[:9].tolist()) <= set(range(9))
    fewer = find_donors(stored([rows[1:]], tmp_path / "fewer"), pool[:-1], seed=3)
    moved = sum(rows[1:][a] != rows[b] for a, b in zip(fewer[:8].tolist(), donors[1:9].tolist(), strict=True))
    assert moved == np.count_nonzero(donors[:9] == 0)
    assert find_donors(stored([rows], tmp_path / "again"), pool, seed=3).tolist() == donors.tolist()


def test_the_same_picture_in_another_file_is_no_other_picture(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (60, 60), "red").save(file, "PNG", compress_level=0)
    rows = [pictured("a", "red"), row("b", images=(file.getvalue(),))]
    assert rows[0].images != rows[1].images
    assert find_donors(stored([rows], tmp_path), np.arange(2), seed=0).tolist() == [-1, -1]


def test_many_rows_with_one_image_take_no_time(tmp_path: Path) -> None:
    rows = stored([[pictured(f"a{i}", "red") for i in range(3000)] + [pictured("b", "blue")]], tmp_path)
    begun = time.monotonic()
    donors = find_donors(rows, np.arange(3001), seed=0)
    assert time.monotonic() - begun < 5
    assert set(donors[:-1].tolist()) == {3000}
    assert donors[-1] < 3000


def test_a_blank_image_keeps_its_size() -> None:
    with Image.open(io.BytesIO(blank(png("red", 30, 70)))) as image:
        assert image.size == (30, 70)
        assert image.getcolors() == [(30 * 70, (255, 255, 255))]


class Seeing(Scripted):
    """Right with the chance that the table gives for a row and what it sees: its own image, another one, a blank one."""

    script: Any = None
    own: Any
    chances: Any

    @contextmanager
    def open(self) -> Iterator["Seeing"]:  # type: ignore[override]
        yield self

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response]:
        for request in requests:
            self.log.append((request.key, request.images, request.sample_numbers))
            seen = 0 if request.images == self.own[request.key] else 1
            seen = 2 if request.images == tuple(map(blank, self.own[request.key])) else seen
            for number in request.sample_numbers:
                seed = sample_seed(request.seed, request.key + str(seen), number)
                right = np.random.default_rng(seed).random() < self.chances[request.key.partition("-")[0]][seen]
                sample = Sample(number, rf"\boxed{{{7 if right else 20 + number}}}", "stop", 5, seed)
                yield Response(request.key, (sample,), 3)


CHANCES = {"needed": (0.8, 0.1, 0.15), "idle": (0.7, 0.7, 0.65), "never": (0.0, 0.0, 0.0), "text": (0.7, 0.7, 0.7)}


@pytest.fixture
def rows() -> list[Row]:
    """Forty rows of which the image is needed and forty with an idle one, by turns; some without a right sample, some of text."""
    kinds = [name for pair in zip(["needed"] * 40, ["idle"] * 40, strict=True) for name in pair] + ["never"] * 5
    some = [pictured(f"{name}-{i}", f"#{i:02x}4080", "planted") for i, name in enumerate(kinds)]
    return some + [row(f"text-{i}", source="planted") for i in range(5)]


def options(rows: list[Row]) -> Any:
    engine = Seeing(log=[], own={one.id: one.images for one in rows}, chances=CHANCES)
    bounds = {"min_pass_rate": None, "max_pass_rate": None}
    return ScriptedPassRate(sampler=engine, n=8, sampling=SamplingOptions(max_tokens=64), **bounds)  # type: ignore[arg-type]


def test_planted_idle_images_are_told_from_needed_ones(tmp_path: Path, rows: list[Row]) -> None:
    difficulty = options(rows)
    with_difficulty = measured([rows[:50], rows[50:]], difficulty, tmp_path)
    before = len(difficulty.sampler.log)
    decisions = dict(zip((one.id for one in rows), triage(with_difficulty, BOTH, difficulty, tmp_path), strict=True))
    assert all(decision.action == "keep" for decision in decisions.values())
    gains: dict[str, list[float]] = {"needed": [], "idle": []}
    for key, decision in decisions.items():
        kind = key.partition("-")[0]
        if kind in gains:
            gains[kind].append(decision.columns["image_gain"]["gain"])
        else:
            assert (decision.columns["image_gain"], decision.columns["image_need"]) == (None, "")
    print(f"AUC {auc(gains['needed'], gains['idle']):.3f}")
    assert auc(gains["needed"], gains["idle"]) >= 0.9
    table = json.loads((tmp_path / "triage" / TABLE).read_text())["image_need"]["planted"]
    assert table["needed"] + table["idle"] + table["unclear"] == 80
    assert table["without_donor"] == 0
    assert 0.2 < table["mean_gain"] < 0.5
    found = Counter((key.partition("-")[0], one.columns["image_need"]) for key, one in decisions.items())
    assert found["needed", "needed"] >= 25
    assert found["idle", "needed"] <= 2
    asked = [key for key, _, _ in difficulty.sampler.log[before:]]
    assert len(asked) == 2 * 80  # nothing for text, nothing where no sample was right
    assert (
        dict(zip((one.id for one in rows), triage(with_difficulty, BOTH, difficulty, tmp_path), strict=True))
        == decisions
    )
    assert len(difficulty.sampler.log) == before + len(asked)


def test_idle_images_drop_where_that_is_asked_for(tmp_path: Path, rows: list[Row]) -> None:
    difficulty = options(rows)
    with_difficulty = measured([rows], difficulty, tmp_path)
    dropping = BOTH.model_copy(update={"drop": ("image_idle",)})
    decisions = triage(with_difficulty, dropping, difficulty, tmp_path)
    reasons = Counter(decision.reason for decision in decisions)
    told = next(decision.detail for decision in decisions if decision.reason == "image_idle")
    assert re.fullmatch(
        r"\d of 8 correct, \d of 8 correct with blank images, \d of 8 correct with swapped images", told
    )
    assert reasons["image_idle"] > 5
    assert set(reasons) == {"", "image_idle"}


def test_an_interrupted_measurement_goes_on(tmp_path: Path, rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    difficulty = options(rows)
    with_difficulty = measured([rows], difficulty, tmp_path)
    before = len(difficulty.sampler.log)
    honest, asked = Seeing.generate, 0

    def dying(self: Any, requests: Sequence[Request], sampling: SamplingOptions) -> Iterator[Response]:
        nonlocal asked
        for part in honest(self, requests, sampling):
            asked += 1
            if asked == 900:
                raise KeyboardInterrupt
            yield part

    monkeypatch.setattr(Seeing, "generate", dying)
    with pytest.raises(KeyboardInterrupt):
        triage(with_difficulty, BOTH, difficulty, tmp_path)
    monkeypatch.setattr(Seeing, "generate", honest)
    resumed = triage(with_difficulty, BOTH, difficulty, tmp_path)
    n_samples = sum(len(numbers) for _, _, numbers in difficulty.sampler.log[before:])
    assert (
        2 * 80 * 8 <= n_samples <= 2 * 80 * 8 + 8
    )  # what was finished is not asked for again, but for the prompt that was under way
    again = options(rows)
    assert triage(measured([rows], again, tmp_path / "whole"), BOTH, again, tmp_path / "whole") == resumed


@pytest.mark.parametrize(
    ("triage_options", "message"), [({}, "`mixture` goes by 'image_need'"), ({"images": ["blank"]}, "")]
)
def test_a_mixture_may_go_by_the_need(write_manifest: Write, triage_options: dict[str, Any], message: str) -> None:
    section = {
        "sources": [{"kind": "visual_puzzles", "count": 5}],
        "difficulty": {"sampler": {"kind": "vllm", "model": "m"}},
        "triage": triage_options,
        "mixture": {"weights": {"image_need": {"idle": 0.5}}},
    }
    manifest = write_manifest({"rl": section})
    if message:
        with pytest.raises(ManifestError, match=message):
            load_manifest(manifest)
    else:
        assert load_manifest(manifest).rl is not None


def test_a_changed_row_is_another_prompt() -> None:
    one = pictured("a", "red")
    assert replace(one, images=tuple(map(blank, one.images))).images != one.images
