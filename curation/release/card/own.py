"""What a person wrote into a card: the words between two marks stay whenever the card is written again, and nothing else is lost unsaid.

README.md            the card; between the marks at its end is room for one's own words
README.edited.md     a card that was changed outside of the marks, as it was when the card was written again
"""

import hashlib
import sys
from itertools import count
from pathlib import Path

from curation.core.parquet import write_text

CARD = "README.md"
BEGIN = "<!-- own words: what is between this line and the last one stays when the card is written again -->"
END = "<!-- own words end -->"


def own_words(card: Path) -> str:
    """What is between the marks of a card; nothing where there is no card, or a mark is gone."""
    return _parted(card)[1] if card.is_file() else ""


def digest_of(card: Path) -> str:
    """The SHA-256 of a card but for what is between its marks."""
    before, _, after = _parted(card)
    return hashlib.sha256(f"{before}{after}".encode()).hexdigest()


def replace_card(card: Path, text: str, written: str | None) -> None:
    """Write a card. One that is there, and is neither this one nor that of the digest `written`, is somebody's: it is kept beside it."""
    if card.is_file() and card.read_bytes() != text.encode() and digest_of(card) != written:
        names = (card.with_name(f"README.edited{f'-{n}' if n > 1 else ''}.md") for n in count(1))
        kept = next(path for path in names if not path.exists())
        card.rename(kept)
        print(
            f"{card}: had other words outside of its marks, and is kept as {kept.name}; a new one is written",
            file=sys.stderr,
        )
    write_text(card, text)


def _parted(card: Path) -> tuple[str, str, str]:
    """The text before, between and behind the marks; none of a card that is no text."""
    try:
        text = card.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "", "", ""
    before, begin, rest = text.partition(BEGIN)
    own, end, after = rest.rpartition(END)
    return (before + begin, own, end + after) if end else (text, "", "")
