"""The stage that brings rows into one form: their text, their images. On the way it signs them for the stages that compare rows."""

from functools import partial
from typing import ClassVar, Literal

from datatrove.pipeline.base import PipelineStep

from curation.core.schema import stage_schema
from curation.core.stage import ROWS, Leaves, MapStage, Run
from curation.core.steps import ReadRows, WriteRows
from curation.decontamination.benchmarks import INDEX
from curation.decontamination.scan import SCAN, ScanContamination
from curation.dedup.options import Dedup
from curation.dedup.sign import SIGNATURES, SignRows
from curation.images import ImageOptions
from curation.images.step import normalise_images
from curation.normalise import Normalise
from curation.normalise.step import ChangeRows, normalise_text


class NormaliseStage(MapStage):
    """Normalises text and images, scans for items of the evaluation sets where there are any, and signs the rows for deduplication."""

    kind: Literal["normalise"] = "normalise"
    text: Normalise = Normalise()
    images: ImageOptions = ImageOptions()
    signatures: Dedup = Dedup()
    scan: bool = False
    """Whether there are evaluation sets to scan for."""
    traces: bool = False
    """Whether the completions are signed too."""
    remedies: ClassVar[dict[str, str]] = {
        "question_empty": "{config}.normalise.strip",
        "placeholder_count": "fields.images of the source",
        "too_many_pictures": "{config}.pictures.max_pictures",
        "picture_too_small": "{config}.pictures.min_side",
        "picture_too_long": "{config}.pictures.max_aspect",
        "gold_in_pixels": "{config}.pictures.min_pixels, max_pixels",
    }
    leaves: ClassVar[Leaves] = ROWS

    def steps(self, run: Run) -> list[PipelineStep]:
        scan = [ScanContamination(run.stages["benchmarks"] / INDEX, run.folder / SCAN)] if self.scan else []
        return [
            ReadRows(run.rows, run.folder / "progress"),
            ChangeRows(partial(normalise_text, self.text), run.ledger(0), "text"),
            ChangeRows(partial(normalise_images, self.images), run.ledger(1), "pictures"),
            *scan,
            SignRows(run.folder / SIGNATURES, self.signatures, self.traces),
            WriteRows(run.folder / ROWS, stage_schema(run.columns)),
        ]
