"""The options of a mixture.

The paper reweights categories and formats, "over-represented down, rare but cognitively rich up" (3.3), and states no figures. The
temperature is that of multilingual training (arXiv 1907.05019, section 4.2): a group of n rows has a share in proportion to n^(1/T).
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from curation.core.plugins import Options
from curation.core.row import Stratum
from curation.core.schema import BEHAVIORS
from curation.mixture.behavior import NONE

Column = Literal[
    "domain", "format", "language", "stratum", "source", "license", "answer_kind", "verified", "image_need", "behavior"
]
COLUMNS: tuple[Column, ...] = (
    "domain",
    "format",
    "language",
    "stratum",
    "source",
    "license",
    "answer_kind",
    "verified",
    "image_need",
    "behavior",
)
Share = Annotated[float, Field(ge=0, le=1)]


class Strata(Options):
    """Where a row's stratum comes from: a measured pass rate if there is one, else what the source states, row by row or as a whole."""

    renamed: ClassVar[dict[str, str]] = {"stated_first": "prefer_stated"}

    easy_above: float = Field(default=2 / 3, ge=0, le=1)
    """Pass rates above it are easy, those from `challenging_below` to it intermediate. The paper names three strata and no thresholds: the
    defaults are thirds."""
    challenging_below: float = Field(default=1 / 3, ge=0, le=1)
    """Pass rates below it are challenging; not above `easy_above`."""
    prefer_stated: bool = False
    """true: what the source states wins over a measured pass rate."""

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> "Strata":
        if self.challenging_below > self.easy_above:
            raise ValueError(f"challenging_below {self.challenging_below} is above easy_above {self.easy_above}")
        return self

    def of(self, stated: Stratum | Literal[""], pass_rate: float | None) -> Stratum | Literal[""]:
        """easy, intermediate, challenging, or empty where nothing is known."""
        if pass_rate is None or (self.prefer_stated and stated):
            return stated
        if pass_rate > self.easy_above:
            return "easy"
        return "challenging" if pass_rate < self.challenging_below else "intermediate"


class Mixture(Options):
    """How many rows of which group. Without a target all rows stay and only their weights say what is wanted."""

    renamed: ClassVar[dict[str, str]] = {"over": "group_by"}

    target: int | None = Field(default=None, ge=1)
    """Rows of the set, all splits together, as far as there are so many; others drop as `not_selected`. null: all rows stay, each with the
    weight that gives the mixture when rows are sampled by weight."""
    group_by: tuple[Column, ...] = ()
    """The columns whose combinations are the groups that `temperature` balances. Empty: all rows are one group, and `temperature` does
    nothing. `format` is choice, number or open, `answer_kind` the reward kind, `verified` the verdict on a trace, `source` a source's
    `name`, the others what the sources state or the build found out; `stratum` and `domain` are '' where nothing is known. `behavior`
    (`cold_start`) is the behavior of a trace that the fewest traces have, `none` where it has none: rare but cognitively rich traces are
    groups of their own."""
    temperature: float = Field(default=1.0, ge=1)
    """A group of n rows is wanted in proportion to n^(1/temperature): 1 keeps the shares, 2 takes square roots, a large one makes groups
    equal."""
    weights: dict[Column, dict[str, Annotated[float, Field(ge=0)]]] = Field(default_factory=dict)
    """Factors on the wanted share of a column's values: `{domain: {geometry: 2}}` wants twice as much; 0 wants none. Values that are not
    named have 1."""
    caps: dict[Column, dict[str, Share]] = Field(default_factory=dict)
    """Largest share of `target` that rows with a value may have, rounded down to whole rows: `{source: {numina_math: 0.3}}`. A cap that
    binds everywhere leaves the set smaller than its target; one of a value that no row has does nothing."""
    floors: dict[Column, dict[str, Share]] = Field(default_factory=dict)
    """Smallest share of `target`, as far as there are rows: `{stratum: {challenging: 0.2}}`. Where a cap of another column says otherwise,
    the cap wins; where those of several columns ask together for more than `target`, all are met in part, in proportion."""
    strata: Strata = Strata()
    """From which pass rate a row is easy, intermediate or challenging: its column `stratum`."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns that the mixture looks at."""
        used = {*self.group_by, *self.weights, *self.caps, *self.floors}
        return tuple(column for column in COLUMNS if column in used)

    @model_validator(mode="after")
    def _behaviors_are_known(self) -> "Mixture":
        for key in ("weights", "caps", "floors"):
            for name in getattr(self, key).get("behavior", ()):
                if name not in (*BEHAVIORS, NONE):
                    known = ", ".join((*BEHAVIORS, NONE))
                    raise ValueError(f"{key}.behavior: got {name!r}, expected one of {known}")
        return self

    @model_validator(mode="after")
    def _bounds_can_be_met(self) -> "Mixture":
        if (self.caps or self.floors) and self.target is None:
            raise ValueError("caps and floors are shares of `target`, which is not given")
        for column, floors in self.floors.items():
            if sum(floors.values()) > 1:
                raise ValueError(f"floors.{column}: the shares add up to {sum(floors.values()):g}, expected at most 1")
            for value, floor in floors.items():
                if floor > (cap := self.caps.get(column, {}).get(value, 1)):
                    raise ValueError(f"floors.{column}.{value}: {floor:g} is above its cap {cap:g}")
        return self
