"""What the ends of the pass rate mean: a wrong gold or a hard prompt at 0, an image that is not needed at 1, guesses
between.

`suspect_gold`: the samples agree on another answer and none gives the gold. It is marked where the gold is more likely
wrong than right (see `suspicion`) and more than half of the samples that answered give that one answer, three at least.
`doubtful_gold`: the same where a few samples give the gold. `unread_answer`: no sample is right, and more than half
of them, three at least, end in one text that the judge cannot read: that may be the gold in other words.
`no_answer`: most of them give none. `hard`: no sample is right, and nothing speaks against the gold or the judge.
`picture_not_needed`: the prompt is answered without its images too. `image_idle`: its pass rate hardly falls with
another image (see `gain`). `not_above_chance`: a choice question is answered no better than by guessing.
"""

import math
from dataclasses import replace
from typing import Literal, NamedTuple, get_args

from pydantic import Field, model_validator

from curation.core.plugins import Options
from curation.core.row import Row

MarkName = Literal[
    "suspect_gold",
    "unread_answer",
    "no_answer",
    "doubtful_gold",
    "hard",
    "picture_not_needed",
    "image_idle",
    "not_above_chance",
]
MARKS: tuple[MarkName, ...] = get_args(MarkName)
Variant = Literal["blank", "swapped"]
MIN_AGREED = 3
SIGNIFICANCE = 0.05
NEEDED = 0.5


class Triage(Options):
    """What is looked for among the measured prompts, and what of it drops a row."""

    suspect_gold: float | None = Field(default=0.5, gt=0, lt=1)
    """Probability from which a gold is suspect, by the samples' agreement; a higher one finds fewer. null: do not look for any."""
    without_pictures: bool = False
    """Sample the prompts with images that were found trivial again, without them, by the first sampler: `n` samples more of each."""
    images: tuple[Variant, ...] = ()
    """Is the image needed? Sample the prompts with images that are kept again, `n` samples for each: `blank` with images of one colour,
    `swapped` with those of another row of the source. What falls is in the columns `image_gain` and `image_need`; nothing drops by it."""
    keep: tuple[Literal["hard"], ...] = ()
    """Marks that keep a row although no sample was right: `hard`, where nothing speaks against the gold or the judge."""
    drop: tuple[MarkName, ...] = ("suspect_gold", "picture_not_needed")
    """Marks that drop a row even where its pass rate would keep it; the others are noted in its provenance. `suspect_gold`: the
    samples agree on another answer; `doubtful_gold`: so do most of them; `unread_answer`: they agree on something that the judge
    cannot read; `no_answer`: most give none; `hard`: none is right; `picture_not_needed`: right without images; `image_idle`: as
    right with others; `not_above_chance`: guessed."""

    @model_validator(mode="after")
    def _what_is_kept_is_not_dropped(self) -> "Triage":
        if both := [mark for mark in self.keep if mark in self.drop]:
            raise ValueError(f"{both[0]!r} stands in `keep` and in `drop`, expected one of them")
        return self

    @model_validator(mode="after")
    def _variants_differ(self) -> "Triage":
        if len(set(self.images)) < len(self.images):
            raise ValueError(f"got images {list(self.images)}, expected each variant once")
        return self

    @model_validator(mode="after")
    def _an_idle_image_can_be_found(self) -> "Triage":
        if "image_idle" in self.drop and not self.images:
            raise ValueError(
                "`drop` has 'image_idle' without `images`, which finds it; expected images: [blank, swapped]"
            )
        return self


class Counts(NamedTuple):
    """One prompt's samples: see `agreement.Agreement`; `blind_` counts those without images. Of the `n_finished` that were not cut off
    `n_unread` end in one text that the judge cannot read (see `residue`).
    """

    n_answered: int = 0
    n_correct: int = 0
    n_agreed: int = 0
    n_options: int = 0
    blind_correct: int = 0
    blind_judged: int = 0
    n_unread: int = 0
    n_finished: int = 0


class Mark(NamedTuple):
    """A name and the figures behind it."""

    name: MarkName
    detail: str


def marks(counts: Counts, pass_rate: float, probability: float, options: Triage, unread: str = "") -> list[Mark]:
    """The marks of one prompt, the weightiest first. `pass_rate` is the estimate, nan where nothing was judged;
    `probability` is that of a wrong gold, `unread` what the judge could not read.
    """
    found: list[Mark] = []
    agreed = f"{counts.n_agreed} of {counts.n_answered} samples agree on another answer"
    if is_unread(counts):
        alike = f"{counts.n_unread} of {counts.n_finished} samples end in one text that the judge cannot read"
        found.append(Mark("unread_answer", f"{alike}: {unread}"))
    elif math.isnan(pass_rate):
        return found
    elif is_suspect(counts, probability, options):
        name: MarkName = "doubtful_gold" if counts.n_correct else "suspect_gold"
        found.append(Mark(name, f"{agreed}, {counts.n_correct} on the gold; probability {probability:.2f}"))
    elif counts.n_correct == 0 and 2 * counts.n_answered < counts.n_finished:
        answered = f"{counts.n_answered} of {counts.n_finished} samples give an answer"
        found.append(Mark("no_answer", answered))
    elif counts.n_correct == 0:
        found.append(Mark("hard", agreed if counts.n_agreed > 1 else "no two samples agree on an answer"))
    if picture_not_needed(counts.blind_correct, counts.blind_judged, counts.n_options):
        detail = f"{counts.blind_correct} of {counts.blind_judged} correct without the picture"
        found.append(Mark("picture_not_needed", detail))
    if counts.n_options > 1 and counts.n_correct and (above := chance_corrected(pass_rate, counts.n_options)) <= 0:
        found.append(Mark("not_above_chance", f"{above:.2f} after correction for {counts.n_options} options"))
    return found


def is_suspect(counts: Counts, probability: float, options: Triage) -> bool:
    """Whether a gold is more likely wrong than `options` allows, and most of the samples say the same."""
    if options.suspect_gold is None or counts.n_agreed < MIN_AGREED or 2 * counts.n_agreed <= counts.n_answered:
        return False
    return probability >= options.suspect_gold


def is_unread(counts: Counts) -> bool:
    """Whether no sample is right and most of them end in one text that the judge cannot read."""
    return counts.n_correct == 0 and counts.n_unread >= MIN_AGREED and 2 * counts.n_unread > counts.n_finished


def chance_corrected(pass_rate: float, n_options: int) -> float:
    """The pass rate without what guessing among `n_options` gives: 0 at chance, 1 where all is right (the correction for
    guessing of formula scoring; Frary, Educational Measurement: Issues and Practice 7(2), 1988).

    >>> chance_corrected(0.25, 4), chance_corrected(0.625, 4), chance_corrected(1.0, 4)
    (0.0, 0.5, 1.0)
    """
    chance = 1 / n_options
    return (pass_rate - chance) / (1 - chance)


def picture_not_needed(n_correct: int, n_judged: int, n_options: int = 0) -> bool:
    """Whether the samples without images are right more often than not, after correction for chance: the hypothesis
    that they are right half of the time at most is rejected at 5 % (exact one-sided binomial test).

    >>> picture_not_needed(7, 8), picture_not_needed(6, 8), picture_not_needed(7, 8, n_options=4)
    (True, False, False)
    """
    chance = 1 / n_options if n_options > 1 else 0.0
    rate = chance + NEEDED * (1 - chance)
    tail = sum(math.comb(n_judged, k) * rate**k * (1 - rate) ** (n_judged - k) for k in range(n_correct, n_judged + 1))
    return n_judged > 0 and tail <= SIGNIFICANCE


def without_pictures(row: Row) -> Row:
    """The row as it is sampled for `without_pictures`. Its rollouts are kept under a prompt of their own."""
    return replace(row, images=())
