r"""The two parts of a trace in the one style that normalisation leaves: `<think>...</think>`, then the answer."""

from functools import lru_cache
from typing import NamedTuple

OPEN, CLOSE = "<think>", "</think>"


class Parts(NamedTuple):
    """A trace without tags is all answer; one whose thinking was never closed has none."""

    thought: str
    answer: str
    is_closed: bool


@lru_cache(maxsize=4)
def parts_of(trace: str) -> Parts:
    """The thought and the answer, white space at their ends off. Several filters ask for those of one row, hence the cache.

    >>> parts_of("<think>hm</think> 2").answer, parts_of("2").answer, parts_of("<think>hm")
    ('2', '2', Parts(thought='hm', answer='', is_closed=False))
    """
    thought, close, answer = trace.rpartition(CLOSE)
    if close:
        return Parts(thought.strip().removeprefix(OPEN).strip(), answer.strip(), OPEN not in answer)
    before, opened, rest = trace.partition(OPEN)
    return Parts((before + rest).strip(), "", False) if opened else Parts("", trace.strip(), True)
