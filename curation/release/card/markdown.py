"""Hostile text in Markdown: names of sources, licences and manifests are what strangers wrote, and a card is rendered as HTML."""

import html
import re
import unicodedata
from pathlib import Path
from typing import Any

from curation.core.words import CODE, counted, listed

MAX_CHARS = 500
_BACKSLASH = "\\"
_ACTIVE = re.compile(r"([\\`*_{}\[\]()#!|~$^]|^[-+=>])")


class Markdown(str):
    """Text that is Markdown already; everything else that a template shows is escaped."""


def escape(value: Any) -> Markdown:
    """Any value as Markdown that shows it and does nothing: one line, no tag, no link, no table cell of its own.

    >>> escape("a|b <b>x</b> *y*")
    'a\\\\|b &lt;b&gt;x&lt;/b&gt; \\\\*y\\\\*'
    """
    if isinstance(value, Markdown):
        return value
    text = "" if value is None else f"{value:,}" if type(value) is int else str(value)
    visible = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else " " for c in text)
    text = " ".join(visible.split())
    text = text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]}..."
    text = _ACTIVE.sub(r"\\\1", html.escape(text, quote=False))
    return Markdown(text.replace("://", ":&#47;&#47;").replace("www.", "www&#46;").replace("@", "&#64;"))


def prose(text: str) -> Markdown:
    """A message of ours: escaped but for the commands and options that it has in backticks.

    >>> prose("run `ovr-curate audit DIR` *now*")
    'run `ovr-curate audit DIR` \\\\*now\\\\*'
    """

    def shown(found: re.Match[str]) -> str:
        code = f"`{found[1].replace(_BACKSLASH, '')}`"
        return code if CODE.fullmatch(code) else found[0]

    return Markdown(re.sub(r"\\`(.+?)\\`", shown, escape(text)))


def render(file: str, /, **values: Any) -> str:
    """A template of this folder with everything escaped that is not `Markdown`; the filter `verbatim` is for what we named ourselves."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, finalize=escape, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip
    environment.filters |= {"verbatim": Markdown, "prose": prose, "counted": counted, "listed": listed}
    return environment.get_template(file).render(**values)
