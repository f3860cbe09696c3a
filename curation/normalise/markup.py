r"""Markup of web pages and forums: entities and tags of HTML, tags of AoPS. Their text stays, what they did to it on the screen goes.

Only what can be nothing else is undone: entities with their semicolon, tags by their names. `<image>`, `<img>` and tables stay as they
are (an image is missed, a table can be read), and so does a question about markup.
"""

import html
import re
from html.entities import html5

_ABOUT_MARKUP = re.compile(r"\b(?:X?HTML|XML|CSS|BBCode|markup)\b|```|<(?:script|body|html|head)\b", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,31}\d{0,2}|#\d{1,7}|#[xX][\dA-Fa-f]{1,6});")
_ATTRIBUTES = r"(?:\s[^<>]{0,400})?\s?/?"
_BREAK = re.compile(
    rf"<(?:br|hr|/?(?:div|ul|ol)|/?h[1-6]|/li|/p){_ATTRIBUTES}>[ \t]*|<p\s[^<>]{{1,400}}>[ \t]*"
    r"|(?<![\w$)}])(?<![\w$)}] )<p>[ \t]*|<p>(?=[^<]{0,2000}</p>)[ \t]*",
    re.IGNORECASE,
)
_ITEM = re.compile(rf"<li{_ATTRIBUTES}>[ \t]*", re.IGNORECASE)
_STYLE = re.compile(rf"</?(?:span|font|strong|em|small|big|center|section|tt|wbr|o:p){_ATTRIBUTES}>", re.IGNORECASE)
_SHORT = re.compile(r"<([biu])>([^<>]{1,2000})</\1>", re.IGNORECASE)
"""`<b>` and `<i>` may be inequalities, so both ends have to be there."""
_RAISED = re.compile(r"<su([bp])>\s*([^<>\n]{1,200}?)\s*</su\1>", re.IGNORECASE)
_SIGNS = {"b": "_", "p": "^"}

_EMPTY_FIGURE = re.compile(r"\[asy\]\s{0,200}\[/asy\]", re.IGNORECASE)
_OPENED = r"\[(hide|spoiler|i|b|u|center)(?:=[^\[\]\n]{0,200})?\]"
_EMPTY_TAG = re.compile(rf"{_OPENED}\s{{0,200}}\[/\1\]", re.IGNORECASE)
_FORUM_STYLE = re.compile(r"\[([ibu])\]([^\[\]]{1,2000})\[/\1\]", re.IGNORECASE)
_LEFT_OVER = re.compile(rf"(?:(?<![\w$\\)\]}}]){_OPENED}|\[/(?:hide|spoiler|i|b|u|center)\])\s*\Z", re.IGNORECASE)
_HIDDEN_END = re.compile(r"\[/(hide|spoiler)\]\s{0,200}\Z", re.IGNORECASE)
_LEAST_QUESTION = 30
"""Characters of a question that is whole without the hidden text behind it."""
_MOST_TAGS = 10
_NEAR = 400


def undo_html(text: str) -> str:
    r"""Entities as their characters, tags of style off, breaks and paragraphs as line breaks, `<sup>2</sup>` as `^{2}`.

    >>> undo_html("Is x<sup>2</sup> &lt; 3?<br/>A. <b>yes</b>"), undo_html("0 <i> n, 2<b and b>c")
    ('Is x^{2} < 3?\nA. yes', '0 <i> n, 2<b and b>c')
    """
    if ("&" not in text and "<" not in text) or _ABOUT_MARKUP.search(text):
        return text
    text = _ITEM.sub("\n- ", _BREAK.sub("\n", _STYLE.sub("", text)))
    text = _RAISED.sub(lambda match: f"{_SIGNS[match[1].lower()]}{{{match[2]}}}", text)
    return _ENTITY.sub(_character, _SHORT.sub(r"\2", text))


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity[0]) if entity[0][1] == "#" or entity[0][1:] in html5 else entity[0]


def undo_forum_tags(text: str) -> str:
    r"""Without `[i]...[/i]`, empty figures and tags, tags left at the end, and hidden text behind the question: it tells the answer.

    >>> undo_forum_tags("Find [i]all[/i] integers $n$ with $n^2 < 5$. [hide=Hint]Try 2.[/hide]"), undo_forum_tags("Find x. [i]")
    ('Find all integers $n$ with $n^2 < 5$.', 'Find x.')
    """
    if "[" not in text:
        return text
    text = _FORUM_STYLE.sub(r"\2", _EMPTY_TAG.sub("", _EMPTY_FIGURE.sub("", text)))
    for _ in range(_MOST_TAGS):
        near = max(len(text) - _NEAR, 0)
        hidden = _HIDDEN_END.search(text, near)
        start = text.lower().rfind(f"[{hidden[1].lower()}", 0, hidden.start()) if hidden else -1
        if hidden and start >= 0:
            if len(text[:start].strip()) < _LEAST_QUESTION:
                break
            text = text[:start].rstrip()
        elif match := _LEFT_OVER.search(text, near):
            text = text[: match.start()].rstrip()
        else:
            break
    return text
