"""Names and texts of strangers in the report and the card: they are shown, and nothing of them is a tag, a link or a script."""

from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from markdown_it import MarkdownIt

from curation.release.card.card import card_text
from curation.release.dataset import Dataset, open_dataset
from curation.release.report.page import render
from tests.curation.release.hostile import HOSTILE

MARK = "pwned"
"""What most texts of the hostile build have in them; each that has it becomes the text of the example."""
FORBIDDEN = {"iframe", "object", "embed", "base", "frame", "portal", "foreignobject", "animate", "set", "template"}
OURS = ("script", "style", "meta", "link", "form")

fragments = st.one_of(
    st.sampled_from(HOSTILE),
    st.sampled_from(
        [
            "<",
            ">",
            '"',
            "'",
            "&",
            "`",
            "$",
            "|",
            "*",
            "_",
            "~",
            "[",
            "](",
            ")",
            "![",
            "#",
            "-",
            "+",
            "=",
            "\\",
            "/",
            ":",
            ";",
            "{{",
            "}}",
            "{%",
            "%}",
            "<!--",
            "-->",
            "]]>",
            "<svg",
            "<a",
            "<b>",
            "\n",
            "\n\n",
            "---",
            "\x00",
            "�",
            "\u2028",
            "\u202e",
            "http://x",
            "javascript:",
            "data:",
            "onload=",
            "<script>",
            "</script>",
            "</style>",
            "&lt;",
            "&#60;",
            "$\\frac{",
            "\\x",
            "%",
            "www.x.test",
            "@",
        ]
    ),
    st.text(max_size=6),
)
inputs = st.lists(fragments, min_size=1, max_size=8).map("".join)


class Tags(HTMLParser):
    """The tags of a page, and what in them could act."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.active: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc", "formaction", "action"):
                self.active.append(f"<{tag} {name}={value!r}>")
            elif name in ("href", "src", "xlink:href"):
                self.links.append(value or "")

    @property
    def names(self) -> set[str]:
        return set(self.tags)


def check(text: str, folder: Path) -> None:
    """Show a build whose texts are this one, in a report and in a card: tags and links are those of a build of harmless names."""
    report, plain = _report(folder, text), _plain_report(folder)
    assert report.active == []
    assert report.names & FORBIDDEN == set()
    assert {tag: report.tags.count(tag) for tag in OURS} == {tag: plain.tags.count(tag) for tag in OURS}
    assert [link for link in report.links if not link.startswith(("#", "data:image/"))] == ["data:,"]
    card, plain = _card(folder, text), _plain_card(folder)
    assert card.active == []
    assert set(card.links) <= set(plain.links)
    assert card.names <= plain.names


def _report(folder: Path, text: str) -> Tags:
    return Tags(_writable(render(_dressed(folder, text), "0" * 32)))


@cache
def _plain_report(folder: Path) -> Tags:
    return _report(folder, "word")


@cache
def _plain_card(folder: Path) -> Tags:
    return _card(folder, "word")


def _card(folder: Path, text: str) -> Tags:
    body = _writable(card_text(_dressed(folder, text))).split("\n---\n", 1)[1]
    return Tags(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(body))


def _writable(text: str) -> str:
    return text.encode().decode()


def _dressed(folder: Path, text: str) -> Dataset:
    """The data set with another summary and lock in memory; its files stay as they are."""
    dataset = open_dataset(folder)
    for name in ("summary", "lock"):
        dataset.__dict__[name] = _replaced(getattr(dataset, name), text)
    return dataset


def _replaced(value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return {_replaced(key, text): _replaced(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, text) for item in value]
    return text if isinstance(value, str) and MARK in value else value
