"""What a judge is asked about questions: `rl.questions` and `cold_start.questions` in a manifest."""

from typing import Literal, get_args

from pydantic import Field, model_validator

from curation.core.plugins import Options
from curation.core.row import Row
from curation.judging.judge import Judge

Pattern = Literal["incomplete", "contradictory", "answer_leaked", "missing_picture", "picture_mismatch"]
PATTERNS: tuple[Pattern, ...] = get_args(Pattern)


class Questions(Options):
    """What a judge is asked about every question, and what is dropped by its answers. A row whose answer cannot be read stays."""

    judge: Judge
    """The model that is asked, and how. Images go with their questions, so rows with images need a vision-language model."""
    find: tuple[Pattern, ...] = Field(default=PATTERNS, min_length=1)
    """What is looked for. `missing_picture` is asked of rows without images, `picture_mismatch` of rows with images."""
    drop: tuple[Pattern, ...] | None = None
    """What of `find` drops a row; the others are noted in its provenance. null: all; []: none."""
    sample: int | None = Field(default=None, ge=1)
    """Rows that are asked about, chosen by the seed and their ids; null: all."""
    agreement: int = Field(default=200, ge=0)
    """Rows on which the judge is compared with the rules, half of them such as the rules find; those that the filters dropped are asked
    about for it. 0: no comparison."""

    @model_validator(mode="after")
    def _what_drops_is_looked_for(self) -> "Questions":
        if len(set(self.find)) < len(self.find):
            raise ValueError(f"`find` names a pattern twice: {', '.join(self.find)}")
        if other := [pattern for pattern in self.drop or () if pattern not in self.find]:
            raise ValueError(
                f"`drop` has {other[0]!r}, which is not looked for; expected some of {', '.join(self.find)}"
            )
        return self

    @property
    def drops(self) -> tuple[Pattern, ...]:
        return self.find if self.drop is None else self.drop

    def asked_of(self, row: Row) -> tuple[Pattern, ...]:
        """What is asked about a row."""
        return self.forms[bool(row.images)]

    @property
    def forms(self) -> tuple[tuple[Pattern, ...], tuple[Pattern, ...]]:
        """What is asked about rows without images, and about those with images."""
        without, with_images = (
            tuple(pattern for pattern in self.find if pattern != unfit)
            for unfit in ("picture_mismatch", "missing_picture")
        )
        return without, with_images
