"""What a manifest says of the losses: the model, how much of a trace it reads, and where the cuts are."""

from typing import Final, Literal

from pydantic import Field, model_validator

from curation.cold_start.loss.scorers.base import AnyScorer
from curation.core.plugins import Options

Score = Literal["loss", "pairing_gain", "early_loss", "prompt_loss", "rsr"]
SCORES: Final[tuple[Score, ...]] = ("loss", "pairing_gain", "early_loss", "prompt_loss", "rsr")
"""In the order in which a row that several cut is reported."""
Side = Literal["high", "low", "both"]
BAD_SIDE: Final[dict[Score, Side]] = {score: "low" if score == "pairing_gain" else "high" for score in SCORES}


class Cut(Options):
    """Where the scores of a group end. Rows beyond it drop; a score that equals the cut stays."""

    kind: Literal["mad", "quantile", "value"] = "mad"
    """`mad`: `k` times 1.4826 median absolute deviations from the median, which are standard deviations where scores are normal, and no
    outlier moves them; `quantile`: the share `q` of the rows stays on each side that is cut; `value`: the same number for all groups."""
    k: float = Field(default=2.5, gt=0)
    """Of `mad`; 2.5 is what Leys et al. 2013 (J. Exp. Soc. Psychol. 49) recommend, between the very conservative 3 and 2."""
    q: float = Field(default=0.99, gt=0.5, lt=1)
    """Of `quantile`."""
    at: float = 0.0
    """Of `value`."""
    side: Side | None = None
    """Which scores are abnormal: `high`, `low` or `both`; null: low ones of `pairing_gain`, high ones of the others."""

    @model_validator(mode="after")
    def _has_the_options_of_its_kind(self) -> "Cut":
        own = {"mad": "k", "quantile": "q", "value": "at"}
        others = sorted(self.model_fields_set & (set(own.values()) - {own[self.kind]}))
        fields = type(self).model_fields  # a lock names every option, those of other kinds with their defaults
        if foreign := [name for name in others if getattr(self, name) != fields[name].default]:
            raise ValueError(f"got `{foreign[0]}` with kind {self.kind!r}, which has no such option")
        if self.kind == "value" and self.side == "both":
            raise ValueError("got side 'both' with kind 'value', which would leave nothing; expected high or low")
        return self


class Cuts(Options):
    """Which scores are cut, and where. Null: the score is measured and cuts nothing."""

    loss: Cut | None = Cut(kind="mad", k=2.5)
    """Mean loss of the response given the prompt: what is corrupt."""
    pairing_gain: Cut | None = Cut(kind="value", at=0.1)
    """By how much the question lowers the mean loss of the first 64 tokens of the response, nats a token: what answers another question.
    Zero means that it does not help at all, whatever the group. Null saves its measuring: they are read once more without the question."""
    early_loss: Cut | None = None
    """Mean loss of the first 100 tokens of the reasoning: what suits the student."""
    prompt_loss: Cut | None = None
    """Mean loss of the question: what is no question."""
    rsr: Cut | None = None
    """Rank-surprisal ratio: what suits the student; lower is better."""


class LossOptions(Options):
    """The losses of a light language model on every trace, and the cuts that abnormal ones fall to (PAPER, curation, step 2)."""

    scorer: AnyScorer
    """The model and how to run it."""
    max_length: int = Field(default=4096, ge=16)
    """Tokens of prompt and response that are read; the scores of a longer trace are those of its beginning."""
    cut: Cuts = Cuts()
    """Where rows drop."""
    bands: tuple[int, ...] = (256, 1024, 4096)
    """Lengths of responses in tokens at which a band ends: scores are compared among traces of like length."""
    min_rows: int = Field(default=50, ge=2)
    """Rows that a group must have for a cut of its own. Those of a smaller one, a band of a domain, are compared within the domain, and
    then among all; where all are fewer, nothing is cut."""

    min_tokens: int = Field(default=48, ge=1)
    """Tokens of the response that must have been read for a cut to apply: means over a few say little. What has fewer stays, with its
    scores; `loss.json` counts it."""

    @model_validator(mode="after")
    def _bands_ascend(self) -> "LossOptions":
        if list(self.bands) != sorted({*self.bands}) or min(self.bands, default=1) < 1:
            raise ValueError(f"got bands {list(self.bands)}, expected ascending lengths of 1 or more")
        return self
