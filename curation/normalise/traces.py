"""Traces of every tag style as one: `<think>...</think>`, then the answer (DeepSeek-R1's form, arXiv 2501.12948, table 1).

Nothing is invented: a trace without tags stays as it is, one that was cut off in the thought stays unclosed; the `trace_format` filter
drops both. Only a missing opening is put back where the end is there: R1's chat template holds it in the prompt.
"""

import re

_STYLES = (
    # Sky-T1, OpenThoughts
    ("<|begin_of_thought|>", "<|end_of_thought|>", "<|begin_of_solution|>", "<|end_of_solution|>"),
    ("<Thought>", "</Thought>", "<Output>", "</Output>"),  # Marco-o1
    ("<thinking>", "</thinking>", "<output>", "</output>"),  # Claude-like
    ("<reasoning>", "</reasoning>", "<answer>", "</answer>"),
    ("<thought>", "</thought>", "<solution>", "</solution>"),
    ("<think>", "</think>", "<answer>", "</answer>"),  # R1-Zero
    ("<think>", "</think>", "<response>", "</response>"),
)
"""Opening and end of the thought, opening and end of the answer."""
OPEN, CLOSE = "<think>", "</think>"
_LEFTOVER = re.compile(r"(?:\s*(?:<\|im_end\|>|<\|endoftext\|>|<\|eot_id\|>|<｜end▁of▁sentence｜>|</s>))+\Z")
_DONE = re.compile(r"(?:\n|(?<=[.?!\])}*$]))\s*\**DONE(?:[.*\s]*DONE)*\.?\**(?=\s*(?:\Z|</think>))")
_SPACING = re.compile(r"\s|\$|\\[,;:! ]")
_HEAD_SLACK = 400
"""Characters that an instruction and its heads may add to a repeated prompt."""


def drop_end_marks(trace: str) -> str:
    r"""End-of-text tokens, and the `DONE.` that a prompt asked for, after the answer or the thought.

    >>> drop_end_marks("It is 2.\n\nDONE.<|im_end|>")
    'It is 2.'
    """
    return _DONE.sub("", _LEFTOVER.sub("", trace.strip())).rstrip()


def drop_prompt(trace: str, question: str) -> str:
    r"""The trace without the prompt repeated in front of the thought or of the answer.

    >>> drop_prompt("Solve this. What is 1 + 1? Solution: \n<think>2.</think>What is 1 + 1? It is 2.", "What is 1 + 1?")
    '<think>2.</think>It is 2.'
    """
    asked = _folded(question)
    if len(asked) < 10:
        return trace
    openings = [at for opening, *_ in _STYLES if (at := trace.find(opening)) > 0]
    if openings:
        head = _folded(trace[: min(openings)])
        if asked in head and len(head) <= len(asked) + _HEAD_SLACK:
            trace = trace[min(openings) :]
    thought, close, answer = trace.rpartition(CLOSE)
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
    for opening, close, answer_opening, answer_close in _STYLES:
        begins, ends = text.startswith(opening), close in text
        foreign = opening != OPEN or answer_opening in text.partition(close)[2][:100] or not begins
        if not (begins or (ends and opening not in text)) or not foreign:
            continue
        thought, closed, answer = text.removeprefix(opening).partition(close)
        thought = thought.replace(opening, OPEN)
        answer = _without_tags(answer.replace(opening, OPEN).replace(close, CLOSE), answer_opening, answer_close)
        return f"{OPEN}\n{thought.strip()}" + (f"\n{CLOSE}\n\n{answer}".rstrip() if closed else "")
    return text


def _without_tags(answer: str, opening: str, close: str) -> str:
    """The answer inside its tags; text after them stays."""
    bare = answer.strip()
    if not bare.startswith(opening):
        return bare
    inside, closed, after = bare.removeprefix(opening).rpartition(close)
    if not closed:
        inside, after = after, ""
    return f"{inside.strip()}\n\n{after.strip()}".strip()


def _folded(text: str) -> str:
    """The text without what normalisation may have changed in the question."""
    return _SPACING.sub("", text)
