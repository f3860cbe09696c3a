r"""Instructions that were baked into prompts: "Let's think step by step and output the final answer within \boxed{}."

They go before rows are compared, for they hide duplicates and count as text in common. A table of patterns, used only at the two ends of a
question and only for whole sentences or lines; what shapes the answer ("as a common fraction", "round to two decimals") is part of
the problem and stays. The wordings are those of the evaluation and training prompts of Qwen2.5-Math, DeepSeek-R1, open-r1,
Open-Reasoner-Zero, DAPO, EasyR1, R1-V, LLaVA, MathVista, ZeroEval, Logic-RL, Tulu 3 and Marco-o1.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from curation.text.hints import folded, holds

_BOX = r"\\{0,2}boxed\s*(?:\{[^{}$]{0,30}\})?"
_STEPWISE = r"(?:step[- ]by[- ]step|slowly|carefully|deeply|efficiently(?: and clearly)?|logically|hard|first)"
_ANSWER = r"(?:the |your |a |an )?(?:final |correct )?(?:answers?|responses?|results?|solutions?)"
_PUT = r"(?:put|output|return|present|provide|give|write|enclose|place|state|box|express|include|wrap|report|show)"
_REASON = r"(?:reason|think|solve|work|answer|explain|proceed)"
_WORD = r"[^.!?\n$\\\d]"
"""What fills an instruction: no number, formula or end of a sentence."""

_SENTENCES = (
    # think step by step
    rf"(?:please,? )?(?:let(?:'|’)?s|let us|let me|we(?:'|’)ll|you should|you must|now,? let(?:'|’)?s|now)?,? ?(?:\w+ )?{_REASON} "
    rf"(?:(?:about |through |on |out )?(?:it|this|that|the (?:problem|question|following(?: \w+)? (?:problem|question)))? ?){_STEPWISE}"
    rf"(?:,? (?:and|then) (?:carefully|step[- ]by[- ]step))?{_WORD}{{0,80}}?(?:{_BOX}{_WORD}{{0,20}})?",
    rf"(?:please )?{_REASON} (?:this|the following|the)(?: \w+)? (?:problem|question|task|exercise)s?(?: \w+)? "
    rf"(?:{_STEPWISE}|by reasoning step[- ]by[- ]step){_WORD}{{0,60}}?(?:{_BOX}{_WORD}{{0,20}})?",
    # put the answer in the box
    r"(?:please |then |finally,? |at the end,? |and )*"
    r"(?:(?:make sure|remember|be sure|you (?:must|should|need)|don(?:'|’)t forget) (?:to |that )?)?"
    rf"{_PUT} {_ANSWER} {_WORD}{{0,60}}?{_BOX}{_WORD}{{0,40}}",
    rf"{_ANSWER} (?:should|must|has to|needs to|is to|will) (?:be )?(?:\w+ )?{_WORD}{{0,40}}?{_BOX}{_WORD}{{0,40}}",
    rf"(?:you )?first {_WORD}{{0,60}}reason{_WORD}{{0,80}}?(?:{_BOX}{_WORD}{{0,20}})?",
    rf"(?:please )?(?:show|explain|write out|provide|give|present) (?:all )?(?:your|the|a) (?:full |complete |detailed )?"
    rf"(?:work(?:ings?)?|reasoning|steps|step[- ]by[- ]step (?:solution|reasoning|explanation))(?: {_STEPWISE})?,?"
    rf"(?: and (?:then )?{_PUT} {_ANSWER} {_WORD}{{0,60}}?{_BOX}{_WORD}{{0,20}})?",
    r"(?:please )?box (?:your|the) (?:final )?answer",
    # tags: R1-Zero, R1-V, EasyR1, Open-Reasoner-Zero
    rf"(?:please )?(?:first )?(?:output|put|write|enclose|show|place) the (?:thinking|reasoning) process in <think>{_WORD}{{0,160}}",
    rf"(?:the reasoning process|the final answer|you first think|the reasoning){_WORD}{{0,160}}(?:<think>|</think>|<answer>|{_BOX})"
    rf"{_WORD}{{0,120}}(?:, i\.e\.,{_WORD}{{0,120}})?",
    rf"you must put your answer inside <answer> ?</answer> tags(?:, i\.e\.,{_WORD}{{0,120}})?{_WORD}{{0,80}}",
    rf"(?:and )?your final answer will be extracted automatically{_WORD}{{0,60}}(?:{_BOX}{_WORD}{{0,20}})?",
    # where the answer goes: DAPO, Minerva, MMLU
    r"the last line of your response should be (?:of|in) the (?:form|format)[^\n]{0,200}",
    r"(?:please )?(?:remember to )?put your answer on its own line after [\"'“]?answer:?[\"'”]?",
    r"(?:your response|the response|your answer) should (?:end|conclude|finish) with [\"'“]?the (?:final )?answer is[^\n]{0,60}",
    r"end (?:your (?:answer|response) )?with ['\"“]?done\.?['\"”]?(?: when you have (?:a|your) (?:final )?(?:solution|answer))?",
    # how long, in which form: LLaVA, MathVista
    r"(?:please )?answer the question (?:using|with) (?:a )?single word or (?:short )?phrase",
    r"(?:please )?answer (?:directly )?with the (?:option(?:'|’)?s? )?letter from the given choices(?: directly)?",
    r"(?:please )?(?:select|choose) the (?:correct|best) answer from the (?:options|choices) (?:above|below)",
    r"(?:hint: ?)?please answer the question(?: requiring [\w -]{1,60} answer)? and provide the (?:correct option letter|final value)"
    r"[^\n]{0,80}at the end",
    # cues of Marco-o1's set
    r"let(?:'|’)?s be (?:as )?accurate as possible",
    r"let(?:'|’)?s give (?:a )?stream of consciousness first:?",
    r"h+m+,? let me think",
    r"i want to lay out the solution in details?",
    r"(?:let(?:'|’)?s|we(?:'|’)ll) (?:explore|solve|tackle) this (?:problem )?step by step",
    r"think (?:slowly and )?carefully(?: first)?,? (?:then make a decision|before giving your answer):?",
    r"(?:so )?think first|thoughts\?",
    # Chinese
    r"(?:请|让我们)?(?:通过)?(?:一步一步|逐步|一步步)(?:地)?(?:思考|推理|解答)[^。\n]{0,20}?"
    rf"(?:[，,]?并?[^。\n]{{0,12}}{_BOX}[^。\n]{{0,8}})?",
    r"(?:请|并)?(?:把|将)?(?:你的)?(?:最终)?答案(?:放置|放|写|填)(?:在|入|到|于)[^。\n]{0,4}"
    rf"{_BOX}[^。\n]{{0,8}}",
    r"先仔细考虑，再做决定|让我们想一想",
)
"""Whole sentences, at either end."""

_TAILS = (
    rf"(?:,|;)? and (?:then )?{_PUT} {_ANSWER} (?:in|within|inside|into|using|with)(?: a)? {_BOX}(?: format)?[.!]*",
    r"(?:\n|(?<=[.?!:)\]}$。？])\s)\s*(?:a|(?:the |your )?(?:final )?(?:answer|solution)|答案|答|解答|解)[:：]",
    r"(?:(?:a |the |your |detailed )?(?:step[- ]by[- ]step|stream of) )?(?:reasoning|thoughts?|solution|answer)(?: process)?(?: is)?:",
    r"step by step answer:|detailed solution:",
)
"""At the end only."""

_HEADS = (
    r"(?:#+ ?|\*\*)?(?:math(?:ematics)? )?(?:question|problem|q|问题|问|题目)(?:\*\*)?[:：](?:\*\*)?",
    r"(?:below is|here is|this is|the following is) (?:a|the) (?:\w+ )?(?:problem|question)(?: that you (?:must|should) solve)?[:.]",
    r"you are (?:a|an) (?:\w+,? ){0,3}(?:assistant|mathematician|math expert|tutor|expert(?: in \w+)?)(?: \w+){0,12}\.",
    r"(?:please )?(?:solve|answer) (?:the following|this|the) (?:\w+ )?(?:math |maths |mathematics |multiple[- ]choice )?"
    r"(?:problem|question)s?(?: \w+){0,6}[:.]",
)
"""At the beginning only."""

_TEMPLATES = (
    # ZeroEval
    r"\s*## question:?\s*(.*?)\s*## instruction:?\s.*please answer this question by first reasoning.*",
    # open-r1, after Llama 3.1's evaluation prompt
    r"\s*solve the following math problem efficiently and clearly:?.*?i hope it is correct\.?.*?problem: ?(.*)",
)
"""With text on both sides."""

_NEAR = 600
"""Characters at an end that are looked at; the longest instruction has about 400."""
MAX_REMOVED = 10
_TRIGGERS = (
    "boxed", "step", "think", "thought", "reason", "careful", "accurate", "answer", "solution", "response", "conscious", "assistant",
    "problem", "question", "q:", "done", "lay out", "答", "题", "问", "思考", "推理", "考虑", "想", "解:", "解：",
)  # fmt: skip
"""Every pattern needs one of these; most questions have none at their ends."""
_MAY_END = re.compile(r"[:：]\s*\Z|boxed")
_STARTS = re.compile(r"(?:\A|(?<=[.?!:;。？！：…)\]}$\"”\n])|(?<=\s)(?=[A-Z\u4e00-\u9fff(]))\s*")
_CLAUSES = re.compile(r"(?<=[,，;])\s*")


def strip_instructions(text: str, extra: Sequence[str] = ()) -> str:
    r"""The question without the instructions at its ends; `extra` are further regular expressions for whole sentences.

    >>> strip_instructions(r"What is 1 + 1? Let's think step by step and output the final answer within \boxed{}.")
    'What is 1 + 1?'
    >>> strip_instructions("Express your answer as a common fraction. Please reason step by step.")
    'Express your answer as a common fraction.'
    """
    ends = text if len(text) <= _NEAR else f"{text[:_NEAR]}\n{text[-_NEAR:]}"
    if not extra and not holds(folded(ends), _TRIGGERS):
        return text
    sentence, head, tail, template = _compiled(tuple(extra))
    for _ in range(MAX_REMOVED):
        before = text
        if match := template.fullmatch(text):
            text = next(filter(None, match.groups()), text)
        if match := head.match(text):
            text = text[match.end() :]
        near = max(len(text) - _NEAR, 0)
        for starts in (_STARTS, _CLAUSES):
            cut = next((m for m in starts.finditer(text, near) if sentence.fullmatch(text, m.end())), None)
            if cut:
                text = text[: cut.start()].rstrip(" \t,，;")
                break
        if _MAY_END.search(text[-_NEAR:]) and (match := tail.search(text, max(len(text) - _NEAR, 0))):
            text = text[: match.start()]
        text = text.strip()
        if text == before:
            break
    return text


@lru_cache(maxsize=64)
def _compiled(extra: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    sentences = "|".join((*_SENTENCES, *extra))
    return (
        re.compile(rf"\(?(?:{sentences})\s*[.!:,…。：]*\s*\)?\s*", re.IGNORECASE),
        re.compile(
            rf"\A\s*(?:(?:{sentences})(?:[.!:]+(?=\s|\Z)|[。：]|\s*\n|\Z)|(?:{'|'.join(_HEADS)}))\s*", re.IGNORECASE
        ),
        re.compile(rf"\s*(?:{'|'.join(_TAILS)})\s*\Z", re.IGNORECASE),
        re.compile("|".join(_TEMPLATES), re.IGNORECASE | re.DOTALL),
    )
