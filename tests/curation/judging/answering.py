"""Judges for a server: what they answer to the prompt about two answers."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from curation.judging.answers.prompt import framed

_SHOWN = re.compile(r"<(question|answer_1|answer_2)>\n(.*?)\n</\1>", re.DOTALL)
Judge = Callable[[str, int], str]


def shown(prompt: str) -> dict[str, str]:
    """The texts that a prompt puts between its tags."""
    return dict(_SHOWN.findall(prompt))


def knows(same: Iterable[tuple[str, str]], log: list[str] | None = None) -> Judge:
    """A judge that has the pairs of equal answers by heart, in any order."""
    pairs = {frozenset(framed(text, 500) for text in pair) for pair in same}

    def reply(prompt: str, before: int) -> str:
        texts = shown(prompt)
        one, other = texts["answer_1"], texts["answer_2"]
        if log is not None:
            log.append(prompt)
        said = "SAME" if one == other or frozenset((one, other)) in pairs else "DIFFERENT"
        return (
            f"The first is {one!r}.\n<verdict>{said}</verdict>"
            if "verdict" not in one
            else f"<verdict>{said}</verdict>"
        )

    return reply


def says(text: str) -> Judge:
    """A judge that says this whatever it is asked."""
    return lambda prompt, before: text


def engine(server: Any, **options: Any) -> dict[str, Any]:
    return {"kind": "openai", "model": "judge", "revision": "1", "base_url": server.url, "max_retries": 1, **options}
