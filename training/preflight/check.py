"""What a check says: a problem in one line, and how one fault of many rows is told once.

preflight: <check>: <where>: <what was got, what was expected, what to do>
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

N_NAMED = 3
"""Rows that a line names; the others are counted."""


@dataclass(frozen=True)
class Problem:
    """A fault that ends a run before its first step, or, where `is_warning`, one that is said."""

    check: str
    where: str
    message: str
    is_warning: bool = False

    def __str__(self) -> str:
        line = f"{self.check}: {self.where}: {' '.join(self.message.split())}"
        return f"preflight: warning: {line}" if self.is_warning else f"preflight: {line}"


@dataclass
class RowFaults:
    """The faults of rows, one line a kind of fault.

    >>> faults = RowFaults("golds")
    >>> for row in "abcde":
    ...     faults.add(f"row {row}", "scores 0", f"gold {row!r}")
    >>> print(*faults.problems(10))
    preflight: golds: row a: scores 0: gold 'a' (5 of 10 rows read; also row b, row c)
    """

    check: str
    tolerated: dict[str, float] = field(default_factory=dict)
    """By fault, the share of the rows up to which it is a warning. All others are problems from the first row on."""
    found: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, where: str, fault: str, detail: str = "") -> None:
        """A row (`where`) has `fault`; the detail is the row's own."""
        self.found.setdefault(fault, []).append((where, detail))

    def problems(self, n_rows: int) -> Iterator[Problem]:
        """A line for each fault; the first row stands for the others."""
        for fault, rows in self.found.items():
            (where, detail), others = rows[0], [name for name, _ in rows[1:N_NAMED]]
            message = f"{fault}: {detail}" if detail else fault
            if len(rows) > 1:
                message += f" ({len(rows):,} of {n_rows:,} rows read; also {', '.join(others)})"
            yield Problem(self.check, where, message, len(rows) <= self.tolerated.get(fault, 0.0) * n_rows)


def first_line(error: BaseException) -> str:
    """The message of an error that a library raised, in one line of bounded length."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:297] + "..."


def attempt(check: str, where: str, act: Callable[[], Iterator[Problem]]) -> Iterator[Problem]:
    """The problems that `act` finds. An error in a library that it calls (processors, models and templates raise any) is one itself."""
    try:
        yield from act()
    except Exception as error:
        yield Problem(check, where, f"{type(error).__name__}: {first_line(error)}")
