r"""Mark-up of web pages and forums around a question's text: HTML entities and tags, left-over tags of the AoPS forum.

Only what means the same without its mark-up is undone. A question about HTML, or one that holds code, stays as it is.
"""

import html
import re

_ABOUT_MARKUP = re.compile(r"\bHTML\b|\bXML\b|<(?:html|head|body|div|script|style)\b|```")
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}[0-9]{0,2}|#[0-9]{2,5}|#[xX][0-9a-fA-F]{2,4});")
_KEPT_ENTITIES = frozenset(("&zwnj;", "&zwj;", "&lrm;", "&rlm;"))
_BREAK = re.compile(r"[ \t]?<(?:br|/?p|/?center)\s*/?>[ \t]?", re.IGNORECASE)
_RAISED = re.compile(r"<(?P<tag>sub|sup)>(?P<inner>[^<>\n]{1,80})</(?P=tag)>", re.IGNORECASE)
_STYLED = re.compile(r"<(?P<tag>b|i|u|em|strong)>(?P<inner>[^<>]{1,400})</(?P=tag)>", re.IGNORECASE)
_EMPTY = re.compile(r"\[(?P<tag>hide|asy|center|img|quote)\]\s{0,20}\[/(?P=tag)\]")
_DANGLING = re.compile(r"(?<=[\s.?!:;,)}$])(?:\[/?(?:i|b|u|hide|center)\]\s{0,20}){1,20}\Z")
_CLOSED = re.compile(r"\[/(\w+)\]")


def undo_html(text: str) -> str:
    r"""Entities become their signs, `<br>` and `<p>` line breaks, `<sup>2</sup>` `^{2}`; tags of style go in pairs.

    >>> undo_html("If x &lt; 2,<br>is H<sub>2</sub>O <b>wet</b>?")
    'If x < 2,\nis H_{2}O wet?'
    """
    if ("&" not in text and "<" not in text) or _ABOUT_MARKUP.search(text):
        return text
    text = _BREAK.sub("\n", text)
    text = _RAISED.sub(lambda match: f"{'_' if match['tag'].lower() == 'sub' else '^'}{{{match['inner']}}}", text)
    text = _STYLED.sub(lambda match: match["inner"], text)
    return _ENTITY.sub(lambda match: match[0] if match[0] in _KEPT_ENTITIES else html.unescape(match[0]), text)


def drop_forum_tags(text: str) -> str:
    """Pairs of forum tags with nothing between them go, and a tag that stands alone at the end; `a[i]` is an index and stays.

    >>> drop_forum_tags("Find x. [asy] [/asy] [i]"), drop_forum_tags("Find a[i]")
    ('Find x.', 'Find a[i]')
    """
    if "[" not in text:
        return text
    bare = _EMPTY.sub("", text)
    if (tail := _DANGLING.search(bare)) and not any(
        f"[{name}" in bare[: tail.start()] for name in _CLOSED.findall(tail[0])
    ):
        bare = bare[: tail.start()]
    return bare.rstrip() if bare != text else text
