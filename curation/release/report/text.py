"""Numbers and hostile text as the page shows them."""

import json
import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

from curation.core.words import CODE, counted, listed

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def shown_text(value: Any) -> Any:
    """Text with its control characters made visible, lone surrogates replaced; anything else as it is.

    >>> shown_text("bell \\x07, half \\ud83d")
    'bell ␇, half �'
    """
    if isinstance(value, str) and not isinstance(value, Markup):
        return _UNSEEN.sub(lambda found: chr(0x2400 + ord(found[0])) if found[0] < " " else "\ufffd", value)
    return value


def prose(value: str) -> Markup:
    """A message of ours, in which commands and options are in backticks.

    >>> prose("`ovr-curate certify DIR` does <it>")
    Markup('<code>ovr-curate certify DIR</code> does &lt;it&gt;')
    """
    parts = (escape(shown_text(part)) for part in CODE.split(value))
    return Markup("").join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


def count(value: int) -> str:
    """
    >>> count(12345)
    '12,345'
    """
    return f"{value:,}"


def number(value: float) -> str:
    """
    >>> number(0.5), number(1234.5678), number(0.0004)
    ('0.5', '1,234.568', '0.0004')
    """
    if value and abs(value) < 0.001:
        return f"{value:.2g}"
    text = f"{value:,.3f}"
    return text.rstrip("0").rstrip(".")


def share(value: float) -> str:
    """
    >>> share(0.1234), share(0), share(0.00004), share(0.99999), share(1)
    ('12.3\xa0%', '0\xa0%', '< 0.1\xa0%', '> 99.9\xa0%', '100\xa0%')
    """
    percent = 100 * value
    if 0 < percent < 0.1:
        return "< 0.1\u00a0%"
    if 99.9 < percent < 100:
        return "> 99.9\u00a0%"
    return f"{percent:.1f}".removesuffix(".0") + "\u00a0%"


def bytes_(value: int) -> str:
    """
    >>> bytes_(999), bytes_(1_234_567)
    ('999 B', '1.2 MB')
    """
    amount, units = float(value), ["B", "kB", "MB", "GB", "TB"]
    while amount >= 1000 and len(units) > 1:
        amount, units = amount / 1000, units[1:]
    return f"{amount:.0f} B" if units[0] == "B" else f"{amount:.1f} {units[0]}"


def rate_interval(value: Sequence[float | None]) -> str:
    """The interval of [share, low, high], empty where it has none.

    >>> rate_interval([0.5, 0.401, 0.6])
    '40.1 – 60\xa0%'
    """
    if len(value) < 3 or value[1] is None or value[2] is None:
        return ""
    low, high = (f"{100 * edge:.1f}".removesuffix(".0") for edge in value[1:3] if edge is not None)
    return f"{low} – {high}\u00a0%"


def cut(value: str, limit: int) -> str:
    """
    >>> cut("too long", 3), cut("fits", 4)
    ('too…', 'fits')
    """
    return value if len(value) <= limit else f"{value[:limit]}…"


def options_text(options: str) -> str:
    """A verifier's options, which are JSON, in words.

    >>> options_text('{"choices": ["3", "4"], "rel_tol": 0.01}')
    'choices: 3 | 4; rel_tol: 0.01'
    """
    try:
        found = json.loads(options)
    except ValueError:
        return options
    if not isinstance(found, dict):
        return options
    parts = (" | ".join(map(str, value)) if isinstance(value, list) else str(value) for value in found.values())
    return "; ".join(f"{name}: {text}" for name, text in zip(found, parts, strict=True))


FILTERS = {
    "cut": cut,
    "options_text": options_text,
    "count": count,
    "counted": counted,
    "prose": prose,
    "listed": listed,
    "number": number,
    "share": share,
    "bytes": bytes_,
    "rate_interval": rate_interval,
}
