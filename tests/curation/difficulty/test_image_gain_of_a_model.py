"""What an image adds to the pass rates of a small model that has learned something: the one of the quickstart."""

import io
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from curation.core.row import Row
from curation.difficulty.pass_rate import PassRate
from curation.difficulty.triage.marks import Triage
from curation.sources.visual_puzzles import VisualPuzzles
from tests.curation.difficulty.test_image_gain import auc
from tests.curation.difficulty.test_triage_step import measured, triage

pytestmark = pytest.mark.slow

N = 40


def puzzles(families: tuple[str, ...], **options: Any) -> list[Row]:
    source = VisualPuzzles(families=families, levels=(1,), size=56, count=N, **options)
    return [row for row in source.read(11) if isinstance(row, Row)]


def ornament(seed: int) -> bytes:
    """A pale square: an image that no question is about."""
    colour = tuple(random.Random(seed).randrange(200, 256) for _ in range(3))
    file = io.BytesIO()
    Image.new("RGB", (56, 56), colour).save(file, "PNG")
    return file.getvalue()


def test_needed_images_are_told_from_idle_ones(quickstart: Path, tmp_path: Path) -> None:
    needed = puzzles(("geometry", "locate", "compare"), name="needed")
    told = puzzles(("locate", "bar_chart", "compare"), name="idle", modality="text")
    idle = [replace(row, images=(ornament(i),), completion="") for i, row in enumerate(told)]
    sampler = {"kind": "transformers", "model": str(quickstart / "models" / "grpo"), "isolate": False, "batch_size": 64}
    bounds = {"min_pass_rate": None, "max_pass_rate": None, "truncated": "wrong", "max_lost": 1.0}
    options = PassRate.model_validate({"sampler": sampler, "n": 8, "sampling": {"max_tokens": 48}, **bounds})
    template = r"{question} Answer in \boxed{}."
    rows = measured([needed + idle], options, tmp_path, template)
    both = Triage(images=("blank", "swapped"), drop=())
    decisions = triage(rows, both, options, tmp_path, template)
    gains = [decision.columns["image_gain"] for decision in decisions]
    of_needed, of_idle = ([gain["gain"] for gain in part if gain] for part in (gains[:N], gains[N:]))
    print(f"AUC {auc(of_needed, of_idle):.3f} of {len(of_needed)} and {len(of_idle)} rows with a right sample")
    assert min(len(of_needed), len(of_idle)) >= N / 3
    assert auc(of_needed, of_idle) >= 0.9
