"""How far a judge and the rules agree: a table of two by two for each pattern, and Cohen's kappa with its interval.

Kappa is the agreement beyond what chance gives (Cohen 1960); its standard error is that of Fleiss, Cohen and Everitt (1969, Psychological
Bulletin 72, equation 13). Half of the rows compared are such as a rule finds, so that the table is not empty on one side: the shares in it
are those of the rows compared, not of the set.
"""

import math
from array import array
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from curation.judging.questions.options import PATTERNS
from curation.judging.questions.rules import RULES

_Z95 = 1.959963984540054


class Kappa(NamedTuple):
    """Cohen's kappa and its 95 % interval; None where one side never differs, and chance explains everything."""

    kappa: float | None
    low: float | None
    high: float | None


def kappa(both: int, rule_only: int, judge_only: int, neither: int) -> Kappa:
    """Of a table of counts.

    >>> tuple(round(number, 3) for number in kappa(20, 5, 10, 15))
    (0.4, 0.151, 0.649)
    """
    table = np.array([[both, rule_only], [judge_only, neither]], float)
    n = table.sum()
    if not n:
        return Kappa(None, None, None)
    shares = table / n
    rule, judge = shares.sum(1), shares.sum(0)
    observed, expected = float(np.trace(shares)), float(rule @ judge)
    if math.isclose(expected, 1):
        return Kappa(None, None, None)
    value = (observed - expected) / (1 - expected)
    on = sum(shares[i, i] * (1 - (rule[i] + judge[i]) * (1 - value)) ** 2 for i in range(2))
    off = (1 - value) ** 2 * sum(shares[i, 1 - i] * (judge[i] + rule[1 - i]) ** 2 for i in range(2))
    variance = (on + off - (value - expected * (1 - value)) ** 2) / (n * (1 - expected) ** 2)
    spread = _Z95 * math.sqrt(max(variance, 0.0))
    return Kappa(value, max(value - spread, -1.0), min(value + spread, 1.0))


class Comparison:
    """Collects what both say of rows, some bytes a row; `table` compares `n` of them."""

    def __init__(self, n: int) -> None:
        self.n = n
        self._keys, self._rules, self._asked, self._found = array("Q"), array("B"), array("B"), array("B")

    def add(self, key: int, rules: Collection[str], asked: Collection[str], found: Collection[str]) -> None:
        """A row: what it is chosen by, the rules that find it, what the judge was asked and what it found."""
        self._keys.append(key)
        self._rules.append(_bits(rules, RULES))
        self._asked.append(_bits(asked, PATTERNS))
        self._found.append(_bits(found, PATTERNS))

    def table(self) -> dict[str, Mapping[str, Any]]:
        """Pattern -> counts and kappa, of `n` rows, half of them such as a rule finds, as far as there are so many."""
        keys, rules, asked, found = (
            np.frombuffer(column, column.typecode) if len(column) else np.empty(0, column.typecode)
            for column in (self._keys, self._rules, self._asked, self._found)
        )
        order = np.argsort(keys, kind="stable")
        some = rules[order] > 0
        of_rules, others = order[some], order[~some]
        n_rules = min(len(of_rules), max(self.n // 2, self.n - len(others)))
        chosen = np.concatenate([of_rules[:n_rules], others[: self.n - n_rules]])
        tables: dict[str, Mapping[str, Any]] = {}
        for bit, name in enumerate(RULES):
            by_rule = rules[chosen] & (1 << bit) > 0
            if name in PATTERNS:
                mask = 1 << PATTERNS.index(name)
                was_asked, by_judge = asked[chosen] & mask > 0, found[chosen] & mask > 0
            else:
                was_asked, by_judge = asked[chosen] > 0, found[chosen] > 0
            tables[name] = _counts(by_rule[was_asked], by_judge[was_asked])
        return {name: table for name, table in tables.items() if table["rows"]}


def _counts(by_rule: np.ndarray, by_judge: np.ndarray) -> Mapping[str, Any]:
    counts = {
        "both": int((by_rule & by_judge).sum()),
        "rule_only": int((by_rule & ~by_judge).sum()),
        "judge_only": int((~by_rule & by_judge).sum()),
        "neither": int((~by_rule & ~by_judge).sum()),
    }
    return {"rows": len(by_rule), **counts, **kappa(**counts)._asdict()}


def _bits(names: Collection[str], known: tuple[str, ...]) -> int:
    return sum(1 << bit for bit, name in enumerate(known) if name in names)
