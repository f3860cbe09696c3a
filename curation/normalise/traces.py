"""Traces of every tag style as one: `<think>...</think>`, then the answer (DeepSeek-R1's form, arXiv 2501.12948, table 1).

Nothing is invented: a trace without tags stays as it is, one that was cut off in the thought stays unclosed; the `trace_format` filter
drops both. Only a missing opening is put back where the end is there: R1's chat template holds it in the prompt.
"""

import re
from re import Pattern
from typing import NamedTuple


class _Style(NamedTuple):
    """Opening and end of the thought, opening and end of the answer, as patterns; the last two are None where the answer has none."""

    opening: Pattern[str]
    close: Pattern[str]
    answer_opening: Pattern[str] | None = None
    answer_close: Pattern[str] | None = None
    is_plain: bool = False
    """Whether the tags of the thought are those that all become."""
    is_head: bool = False
    """Heads are no tags where the first is missing."""


_ANSWERS = "(?:answer|output|response|solution)"


def _tag(name: str) -> str:
    """`<name>`, with spaces inside and in any case."""
    return rf"<\s?{name}\s?>"


def _style(thought: str) -> _Style:
    """Tags that are closed with a slash, and any of those that an answer comes in."""
    names = (thought, rf"/\s?{thought}", _ANSWERS, rf"/\s?{_ANSWERS}")
    opening, close, answer_opening, answer_close = (re.compile(_tag(name), re.IGNORECASE) for name in names)
    return _Style(opening, close, answer_opening, answer_close, thought == "think")


def _marks(*marks: str) -> _Style:
    opening, close, *around = (re.compile(mark, re.IGNORECASE) for mark in marks)
    answer_opening, answer_close = around or (None, None)
    return _Style(opening, close, answer_opening, answer_close)


_HEAD = r"(?:#{1,4}[ \t]{0,3}|\*\*)"
_HEAD_END = r"(?:[ \t]{0,3}(?::?\*\*:?|:))?[ \t]{0,9}(?:\n|\Z)"
_STYLES = (
    # Sky-T1, OpenThoughts
    _marks(r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>", r"<\|begin_of_solution\|>", r"<\|end_of_solution\|>"),
    _style("thought"),  # Marco-o1
    _style("thinking"),  # Claude-like
    _style("reasoning"),
    _style("thoughts"),
    _style("scratchpad"),
    _style("seed:think"),  # Seed-OSS
    _marks(r"\[THINK\]", r"\[/THINK\]"),  # Magistral
    _marks("◁think▷", "◁/think▷"),  # Kimi
    # Command A; gpt-oss; the GRPO recipes of Unsloth
    _marks(r"<\|start_thinking\|>", r"<\|end_thinking\|>", r"<\|start_response\|>", r"<\|end_response\|>"),
    _marks(
        r"(?:<\|start\|>assistant)?<\|channel\|>analysis<\|message\|>",
        r"(?:<\|end\|>)?\s{0,3}(?:<\|start\|>assistant)?<\|channel\|>final<\|message\|>",
    ),
    _marks(r"<start_working_out>", r"<end_working_out>", r"<solution>", r"</solution>"),
    _marks(r"<reasoning_start>", r"<reasoning_end>"),
    _style("think"),  # R1, R1-Zero
    # HuatuoGPT-o1: `## Thinking`, `## Final Response`
    _Style(
        re.compile(rf"{_HEAD}(?:Thinking|Thoughts?|Thought process|Reasoning){_HEAD_END}", re.IGNORECASE),
        re.compile(rf"(?<=\n){_HEAD}(?:Final )?(?:Response|Answer|Output){_HEAD_END}", re.IGNORECASE),
        is_head=True,
    ),
)
_BEGINS = re.compile("|".join(sorted({style.opening.pattern for style in _STYLES})), re.IGNORECASE)
_FIRST_SIGNS = ("<", "[T", "[t", "◁", "#", "**")
"""Every beginning of a thought starts with one of them."""
_END_SIGNS = ("</", "< /", "[/", "◁/", "<|e", "<|E", "<|c", "<e", "_end>")
"""Every end of a thought without its beginning has one of them."""
_DOUBLED_OPEN = re.compile(r"\A<think>(?:\s*(?:</think>\s*)?<think>)+")
_DOUBLED_CLOSE = re.compile(r"</think>(?:\s*</think>)+")
OPEN, CLOSE = "<think>", "</think>"
_LEFTOVER = re.compile(
    r"(?:\s*(?:<\|(?:im_end|endoftext|eot_id|eot|end_of_text|return|end|end_of_turn)\|>|<｜end▁of▁sentence｜>|</s>|<end_of_turn>|<eos>))+\Z"
)
_DONE = re.compile(r"(?:\n|(?<=[.?!\])}*$]))\s*\**DONE(?:[.*\s]*DONE)*\.?\**(?=\s*(?:\Z|</think>))")
_SPACING = re.compile(r"\s|\$|\\[,;:! ]")
_HEAD_SLACK = 400
"""Characters that an instruction and its heads may add to a repeated prompt."""


def drop_end_marks(trace: str) -> str:
    r"""End-of-text tokens, and the `DONE.` that a prompt asked for, after the answer or the thought.

    >>> drop_end_marks("It is 2.\n\nDONE.<|im_end|>")
    'It is 2.'
    """
    bare = _LEFTOVER.sub("", trace.strip()) if trace.rstrip().endswith(">") else trace.strip()
    return (_DONE.sub("", bare) if "DONE" in bare else bare).rstrip()


def drop_prompt(trace: str, question: str) -> str:
    r"""The trace without the prompt repeated in front of the thought or of the answer.

    >>> drop_prompt("Solve this. What is 1 + 1? Solution: \n<think>2.</think>What is 1 + 1? It is 2.", "What is 1 + 1?")
    '<think>2.</think>It is 2.'
    """
    asked = _folded(question)
    if len(asked) < 10:
        return trace
    end = 2 * len(question) + 2 * _HEAD_SLACK
    may_begin = any(trace.find(sign, 1, end) >= 0 for sign in _FIRST_SIGNS)
    if may_begin and (opening := _BEGINS.search(trace, 1, end)):
        head = _folded(trace[: opening.start()])
        if asked in head and len(head) <= len(asked) + _HEAD_SLACK:
            trace = trace[opening.start() :]
    thought, close, answer = trace.rpartition(CLOSE)
    if question.split()[0] not in answer[:_HEAD_SLACK]:
        return trace
    pattern = (
        r"\s*(?:\*{0,2}(?:Question|Problem):?\*{0,2}:?\s*)?" + r"\s+".join(map(re.escape, question.split())) + r"\s*"
    )
    match = re.match(pattern, answer) if close else None
    return thought + close + answer[match.end() :] if match and match.end() < len(answer) else trace


def one_style(trace: str) -> str:
    r"""The trace with `<think>` and `</think>` for the tags of another style, and the answer's tags gone.

    >>> one_style("<Thought>\nhm\n</Thought>\n<Output>\n2\n</Output>")
    '<think>\nhm\n</think>\n\n2'
    >>> one_style("<|begin_of_thought|>hm"), one_style("hm </think> 2"), one_style("no tags")
    ('<think>\nhm', '<think>\nhm\n</think>\n\n2', 'no tags')
    """
    text = trace.strip()
    styles = [style for style in _STYLES if style.opening.match(text)] if _BEGINS.match(text) else _STYLES
    if styles is _STYLES and not any(sign in text for sign in _END_SIGNS):
        return text
    for style in styles:
        begins = style.opening.match(text)
        closes = style.close.search(text, begins.end() if begins else 0)
        if not begins and (not closes or style.is_head or style.opening.search(text)):
            continue
        answer = text[closes.end() :] if closes else ""
        has_tags = style.answer_opening is not None and style.answer_opening.search(answer, 0, 100) is not None
        is_spelled = begins is not None and begins[0] == OPEN and (closes is None or closes[0] == CLOSE)
        if style.is_plain and is_spelled and not has_tags:
            continue
        thought = text[begins.end() if begins else 0 : closes.start() if closes else len(text)]
        thought = style.opening.sub(OPEN, thought).strip()
        if not closes:
            return _single(f"{OPEN}\n{thought}")
        answer = style.close.sub(CLOSE, style.opening.sub(OPEN, answer))
        return _single(f"{OPEN}\n{thought}\n{CLOSE}\n\n{_without_tags(answer, style)}".rstrip())
    return _single(text)


def _single(text: str) -> str:
    """The trace with tags that stand twice in a row, or around nothing in front of a thought, once."""
    if text.count(OPEN) < 2 and text.count(CLOSE) < 2:
        return text
    return _DOUBLED_CLOSE.sub(CLOSE, _DOUBLED_OPEN.sub(OPEN, text))


def _without_tags(answer: str, style: _Style) -> str:
    """The answer inside its tags, however many are around it, in one go; text after them stays. With each opening goes the last closing."""
    bare = answer.strip()
    if not (style.answer_opening and style.answer_close and style.answer_opening.match(bare)):
        return bare
    openings, closings = style.answer_opening.finditer(bare), list(style.answer_close.finditer(bare))
    last = {found.start() for found in closings}
    gone: set[tuple[int, int]] = set()
    at = 0
    for found in sorted([*openings, *closings], key=re.Match.start):
        if bare[at : found.start()].strip() or (found.start() in last and found.span() not in gone):
            break
        at = found.end()
        gone.add(found.span())
        if found.start() not in last and closings and closings[-1].start() >= at:
            gone.add(closings.pop().span())
    parts, at = [], 0
    for start, end in sorted(gone):
        parts.append(bare[at:start].strip())
        at = end
    return "\n\n".join(filter(None, [*parts, bare[at:].strip()]))


def _folded(text: str) -> str:
    """The text without what normalisation may have changed in the question."""
    return _SPACING.sub("", text)
