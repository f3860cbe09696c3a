"""A number within a tolerance: measured values, readings of a chart (ChartQA's relaxed accuracy is `rel_tol = 0.05`,
Masry et al. 2022, 5.1).

Units count when both sides state one. A percent sign does not change the number: 25 % and 25 are the same reading of
a chart.
"""

import math
from typing import ClassVar, Literal, NamedTuple

from pydantic import Field

from rewards.algebra.ball import UndefinedError, constant
from rewards.algebra.chains import is_false
from rewards.algebra.compare import same
from rewards.algebra.reading import read
from rewards.algebra.relations import core, exact_part
from rewards.algebra.tree import TooBigError
from rewards.algebra.wording import said
from rewards.kinds._base import Compare, Kind, Variants
from rewards.kinds._restyled import missed, restyled
from rewards.verdict import Ruling, UnreadableGoldError


class Measured(NamedTuple):
    """A value, and what words around it say."""

    value: float
    what: said.Said


def measured(text: str) -> Measured | None:
    """Return the one number that a text states, None when it states none or several."""
    try:
        readings = read(text)
    except TooBigError:
        return None
    for reading in readings:
        if is_false(reading.node, same):
            continue
        node = exact_part(reading.node)
        node = core(node) or node
        what = said.NOTHING
        while node.op in ("quantity", "percent"):
            what = said.both(what, said.read(str(node.value))) if node.op == "quantity" else what
            node = node.args[0]
        if node.op == "degree":
            node, what = node.args[0], said.both(what, said.read("deg"))
        if node.op == "add" and [a.op for a in node.args] == ["num", "neg"]:
            continue  # 2000 - 2005 is a span of years
        try:
            ball = constant(node)
        except UndefinedError:
            continue
        value = float(ball.real.mid()) if ball.imag == 0 else math.nan
        if math.isfinite(value):
            return Measured(value, what)
    return None


class Number(Kind):
    """Options: how far off an answer may be, measured from the gold."""

    kind: Literal["number"] = "number"
    rel_tol: float = Field(1e-6, ge=0, le=1)
    """Share of the gold. 0.05 is the relaxed accuracy of charts."""
    abs_tol: float = Field(0.0, ge=0)
    """In the gold's own unit; all that is allowed around a gold of 0."""

    example: ClassVar[tuple[str, str]] = ("0.3333333", "1/3")

    def against(self, gold: str) -> Compare:
        wanted = measured(gold)
        if wanted is None:
            raise UnreadableGoldError(f"the gold {gold!r} is not one number")

        def compare(answer: str) -> Ruling:
            found = measured(answer)
            if found is None:
                return Ruling("wrong", "number", "not one number")
            factor = said.ratio(found.what, wanted.what)
            if factor is None:
                return Ruling("wrong", "number", "other words or another unit")
            return Ruling.of(
                abs(wanted.value - found.value * float(factor)) <= max(self.rel_tol * abs(wanted.value), self.abs_tol),
                "number",
            )

        return compare

    def equivalents(self, gold: str) -> Variants:
        return (variant for variant in restyled(gold) if variant[0] != "name in front")

    def near_misses(self, gold: str) -> Variants:
        return (variant for variant in missed(gold) if variant[0] == "sign")  # others may be within a tolerance
