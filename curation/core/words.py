"""Counts and lists as English has them."""

import re
from collections.abc import Iterable

CODE = re.compile(r"`(?! )([\w .,:=\[\]{}/-]+)`")
"""What a message of ours sets as code: commands and options, never a stranger's text."""


def counted(n: int, noun: str, nouns: str = "") -> str:
    """A number with its noun; `nouns` is the plural where it is not made with an s.

    >>> counted(1, "row"), counted(1234, "row"), counted(0, "copy", "copies")
    ('1 row', '1,234 rows', '0 copies')
    """
    return f"{n:,} {noun if n == 1 else nouns or f'{noun}s'}"


def listed(items: Iterable[str], word: str = "and") -> str:
    """Items as a sentence lists them.

    >>> listed(["gold"]), listed(["gold", "verifier"]), listed(["a", "b", "c"], "or")
    ('gold', 'gold and verifier', 'a, b or c')
    """
    *most, last = [*items] or [""]
    return f"{', '.join(most)} {word} {last}" if most else last
