"""Which of the correct traces of a prompt are kept."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from curation.cold_start.distil.options import Keep
from curation.core.row import Row

N_WORDS = 3


class Trace(NamedTuple):
    """A correct trace: the number of its sample, its tokens, the row that has it."""

    number: int
    n_tokens: int
    row: Row


def choose(traces: Sequence[Trace], keep: Keep, k: int) -> list[Trace]:
    """Up to `k` of the traces, different ones; `traces` are in the order of their numbers."""
    different = list({trace.row.completion: trace for trace in reversed(traces)}.values())[::-1]
    return _CHOICES[keep](different, k)


def _first(traces: Sequence[Trace], k: int) -> list[Trace]:
    return list(traces[:k])


def _shortest(traces: Sequence[Trace], k: int) -> list[Trace]:
    return sorted(traces, key=lambda trace: (trace.n_tokens, trace.number))[:k]


def _varied(traces: Sequence[Trace], k: int) -> list[Trace]:
    """The first, then each time the one that is farthest from all that are chosen (Gonzalez 1985); the distance is Jaccard's, of the runs
    of three words.
    """
    words = [_runs(trace.row.completion) for trace in traces]
    chosen = [0][: len(traces)]
    while chosen and len(chosen) < min(k, len(traces)):
        left = [i for i in range(len(traces)) if i not in chosen]
        chosen.append(max(left, key=lambda i: (min(_distance(words[i], words[j]) for j in chosen), -i)))
    return [traces[i] for i in chosen]


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+|[^\w\s]", text.lower())
    return frozenset(zip(*(words[start:] for start in range(N_WORDS)), strict=False))


def _distance(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    either = len(one | other)
    return 1 - len(one & other) / either if either else 0.0


_CHOICES: dict[Keep, Callable[[Sequence[Trace], int], list[Trace]]] = {
    "first": _first,
    "shortest": _shortest,
    "varied": _varied,
}
