r"""The final answer of a response: the last complete `\boxed{}` after the thinking.

Two rules keep it honest. Nothing before the end of the thinking counts (a policy could otherwise box every guess it
makes on the way), and a box that was never closed is not an answer. Thinking that was opened and not closed swallows
the rest of the response.

The scan is linear in the response: boxes are found by name, braces are matched once from the front.
"""

import re
from dataclasses import dataclass
from typing import Literal

Mode = Literal["boxed", "lenient"]

# One style a line: DeepSeek-R1 and Qwen, Sky-T1, Marco-o1, Kimi, Magistral, Seed, the instruction styles of GRPO recipes.
_NAMES = r"think|thinking|thought|thoughts|reasoning|scratchpad|seed:think|\|begin_of_thought\||reasoning_start|start_working_out"
_ENDS = (
    r"</(?:think|thinking|thought|thoughts|reasoning|scratchpad|seed:think|reasoning_end)>|<\|end_of_thought\|>|<reasoning_end>"
    r"|<end_working_out>|\u25c1/think\u25b7|\[/THINK\]"
)
_STARTS = rf"<(?:{_NAMES})>|\u25c1think\u25b7|\[THINK\]"
_TAG = re.compile(rf"(?P<end>{_ENDS})|(?P<start>{_STARTS})", re.IGNORECASE)
# A chat template's end of turn: what follows is another speaker's text.
_TURN = re.compile(
    r"<\|(?:im_end|im_start|eot_id|endoftext|end_of_text|end|end_of_solution)\|>|<\uff5cend\u2581of\u2581sentence\uff5c>|</s>"
)
_BOX = re.compile(r"\\(?:boxed|fbox|framebox)(?![A-Za-z])(?P<space>\s*)")
_BARE = re.compile(r"-?\d+(?:\.\d+)?|[A-Za-z]")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_LENIENT = re.compile(r"answer\s{0,9}(?:is|are|:|=)[:\s]{0,9}([^\n]{1,2000})", re.IGNORECASE)
MAX_RESPONSE_CHARS = 4_000_000


@dataclass(frozen=True, slots=True)
class Box:
    """One complete box: its content, and where the whole of it is in the text."""

    content: str
    start: int
    end: int


def after_thinking(response: str) -> str | None:
    """Return the part of a response after its thinking; None when the thinking was never closed.

    >>> after_thinking("<think>7?</think> It is 8.")
    ' It is 8.'
    """
    start, is_open = 0, False
    if "<" in response or "\u25c1" in response or "[" in response:
        for tag in _TAG.finditer(response):
            is_open = tag.lastgroup == "start"
            start = tag.end()
    if is_open:
        return None
    turn = _TURN.search(response, start)
    return response[start : turn.start()] if turn else response[start:]


def boxes(text: str) -> list[Box]:
    r"""Return every outermost complete box, in order. `\boxed 7` without braces takes the one number or letter behind it."""
    found: list[Box] = []
    closing: dict[int, int] | None = None
    end = -1
    for mark in _BOX.finditer(text):
        if mark.start() < end:
            continue
        if text[mark.end() : mark.end() + 1] != "{":
            token = _BARE.match(text, mark.end()) if mark.group("space") else None
            if token:
                found.append(Box(token.group(), mark.start(), token.end()))
            continue
        closing = _closings(text, mark.end()) if closing is None else closing
        close = closing.get(mark.end())
        if close is not None:
            end = close + 1
            found.append(Box(text[mark.end() + 1 : close], mark.start(), end))
    return found


_PRINTED_SPACE = re.compile(r"\\(?:q?quad|text[a-z]*|mbox|[,;:! ()\[\]])|[${}\s~.\\]")


def joined_boxes(text: str) -> str | None:
    r"""Return the last box together with the boxes that print as one list with it: `x = \boxed{1}, y = \boxed{2}`."""
    found = boxes(text)
    if not found:
        return None
    first = len(found) - 1
    while first and _joins(text[found[first - 1].end : found[first].start]):
        first -= 1
    return ", ".join(box.content.strip() for box in found[first:])


def _joins(between: str) -> bool:
    """Return whether two boxes with this text between them print as one list: nothing, a separator, a few words that end in one."""
    if len(between) > 80 or "\n\n" in between:
        return False
    plain = _PRINTED_SPACE.sub(" ", between).strip()
    if not plain:
        return True
    plain = re.sub(r"\s*[A-Za-z](?:_?\w+)?\s*=$", "", plain).strip()
    return (
        bool(re.fullmatch(r"(?:[A-Za-z()\s]{0,30}\s)?(?:,|;|&|and|or|\++)+(?:\s*(?:and|or))?", plain))
        and len(plain) <= 40
    )


# A policy may box a guess and hedge behind it. Only plain words of retraction and a plain number or letter named as the answer
# count: other text behind a box (a unit, a check, thanks) says nothing about it.
_RETRACTED = re.compile(
    r"scratch that|ignore (?:that|the|my|this)|disregard|i (?:made|had made) (?:a |an )?(?:mistake|error)|i was wrong"
    r"|i take (?:it|that) back"
    r"|(?:that|this|it|which|the above|my answer|the box)(?:'s| is| was) (?:wrong|incorrect|not (?:right|correct|the answer))",
    re.IGNORECASE,
)
_RESTATED = re.compile(
    r"answer\s{0,9}(?:is|should be|must be|:|=)[:\s]{0,9}(?:(?:actually|therefore|thus)\s{1,9})?[$*(\\]{0,4}(-?[\d.,/]{0,40}\d|[A-J])"
    r"(?![\w^/\\,.]{0,9}[\w\\{^/])",
    re.IGNORECASE,
)


def after_box(response: str) -> tuple[bool, str | None]:
    """Return what the text behind the last box does to it: whether it takes it back, and the plain value that it names as the answer."""
    text = after_thinking(response) or ""
    found = boxes(text)
    rest = text[found[-1].end :] if found else ""
    if not rest or len(rest) < 4:
        return False, None
    restated = _RESTATED.findall(rest)
    return bool(_RETRACTED.search(rest)), restated[-1] if restated else None


def _closings(text: str, start: int) -> dict[int, int]:
    """Return where the closing brace is of every opening brace from `start` on. Escaped braces are text."""
    pairs: dict[int, int] = {}
    stack: list[int] = []
    for brace in _BRACE.finditer(text, start):
        if brace.group() == "{":
            stack.append(brace.start())
        elif brace.group() == "}" and stack:
            pairs[stack.pop()] = brace.start()
    return pairs


def extract_answer(response: str, mode: Mode = "boxed") -> str | None:
    r"""Return the final answer of a response, None when it has none.

    `boxed`: the last complete box after the thinking. `lenient`: failing that, what follows the last "final answer:", an `<answer>` tag,
    or the last line that is not empty.

    >>> extract_answer(r"<think>\boxed{3}</think> so \boxed{7}")
    '7'
    """
    if len(response) > MAX_RESPONSE_CHARS:
        return None
    text = after_thinking(response)
    if text is None:
        return None
    found = boxes(text)
    if found:
        return found[-1].content.strip() or None
    return _said(text) if mode == "lenient" else None


def _said(text: str) -> str | None:
    end = text.rfind("</answer>")
    start = text.rfind("<answer>", 0, max(end, 0))
    if start >= 0:
        answer = text[start + len("<answer>") : end]
    elif said := _LENIENT.findall(text):
        answer = said[-1]
    else:
        answer = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    return answer.strip().removesuffix(".").strip() or None
