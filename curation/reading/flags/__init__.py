"""The red flags, in the order in which they are reported. The docstring of each says what it means."""

from curation.reading.flag import Flag
from curation.reading.flags.golds import GoldInQuestion, OneGold, WorkedGolds
from curation.reading.flags.images import BlankImages, MissingImages, OneImage, PlaceholderCountDiffers
from curation.reading.flags.options import (
    GoldsOutsideOptions,
    LetterGoldsWithoutOptions,
    NumbersForOptions,
    OptionsRepeat,
    RepeatedOptionLetters,
)
from curation.reading.flags.text import (
    CodeInGold,
    CodeInQuestion,
    CutQuestions,
    HtmlInQuestion,
    Mojibake,
    NanText,
    ShortQuestions,
)
from curation.reading.flags.whole import BadRows, ConflictingGolds, ConstantQuestion

FLAGS: tuple[type[Flag], ...] = (
    BadRows, LetterGoldsWithoutOptions, NumbersForOptions, GoldsOutsideOptions, RepeatedOptionLetters, OptionsRepeat, OneGold, WorkedGolds,
    CodeInGold, GoldInQuestion, CodeInQuestion, HtmlInQuestion, NanText, Mojibake, ShortQuestions, CutQuestions, ConstantQuestion,
    ConflictingGolds, PlaceholderCountDiffers, MissingImages, BlankImages, OneImage,
)  # fmt: skip
"""Of what was read."""
LITTLE_LEFT = "little_left"
"""Of what the filters left; see `reading.stage`."""
NAMES = (*(flag.name for flag in FLAGS), LITTLE_LEFT)
