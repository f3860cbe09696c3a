"""Chat templates that were baked into a prompt, and solved examples in front of it: what is left is the question asked last.

Only a complete template goes, from the first character to the last, and only where it holds a single user turn: a conversation of
several turns is not one question.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from curation.normalise.wrappers import strip_instructions

_CHAT_ML = r"<\|im_start\|>"
_LLAMA_3 = r"<\|start_header_id\|>"
_TEMPLATES = (
    # ChatML: Qwen, Yi, many others
    rf"(?:<\|begin_of_text\|>|<s>)?\s*(?:{_CHAT_ML}system\n.*?<\|im_end\|>\s*)?{_CHAT_ML}user\n(?P<question>.*?)(?:<\|im_end\|>\s*)?"
    rf"(?:{_CHAT_ML}assistant\s*(?:<think>\s*)?)?",
    # Llama 3
    rf"(?:<\|begin_of_text\|>)?\s*(?:{_LLAMA_3}system<\|end_header_id\|>.*?<\|eot_id\|>\s*)?{_LLAMA_3}user<\|end_header_id\|>"
    rf"(?P<question>.*?)(?:<\|eot_id\|>\s*)?(?:{_LLAMA_3}assistant<\|end_header_id\|>\s*(?:<think>\s*)?)?",
    # Llama 2, Mistral
    r"(?:<s>)?\s*\[INST\]\s*(?:<<SYS>>.*?<</SYS>>)?(?P<question>.*?)\[/INST\]\s*",
    # Gemma
    r"(?:<bos>)?\s*<start_of_turn>user\n(?P<question>.*?)<end_of_turn>\s*(?:<start_of_turn>model\s*)?",
    # DeepSeek
    r"(?:<｜begin▁of▁sentence｜>)?.*?<｜User｜>(?P<question>.*?)(?:<｜Assistant｜>\s*(?:<think>\s*)?)?",
    # Phi, Zephyr
    r"(?:<\|system\|>.*?(?:<\|end\|>|</s>|(?=<\|user\|>))\s*)?<\|user\|>(?P<question>.*?)(?:(?:<\|end\|>|</s>)\s*)?(?:<\|assistant\|>\s*)?",
    # R1-Zero and Open-Reasoner-Zero; Vicuna
    r"A (?:conversation|chat) between (?:a )?(?:curious )?(?i:human|user)\b.{0,1500}?(?:User|USER|Human)\s*:(?P<question>.*?)"
    r"(?:(?:Assistant|ASSISTANT)\s*:\s*(?:<think>\s*)?)",
    # Anthropic's old form, and plain ones
    r"(?:Human|User|USER|### ?(?:Instruction|Human|User))\s*:(?P<question>.*?)"
    r"\n\s*(?:Assistant|ASSISTANT|### ?(?:Response|Assistant))\s*:\s*",
    # dialogues written around a question, as Marco-o1's set has them: `Student: ... Teacher: Let's think:`
    r"(?:Student|Question from a student)\s*:(?P<question>.*?)\n\s*(?:Teacher|Tutor)\s*:\s*(?:(?:OK|Okay|So)[,.]? ?)*"
    r"(?:Let(?:'|’)?s think(?: step by step| first)?)?[:.]*\s*",
)
_COMPILED = tuple(re.compile(rf"{template}\Z", re.DOTALL) for template in _TEMPLATES)
_MAY_BEGIN = re.compile(r"<|\[INST|A c|Human|User|USER|###|Student|Question from|.{0,2000}?<｜User｜>", re.DOTALL)
_ANOTHER_TURN = re.compile(
    r"<\|im_start\|>|<\|start_header_id\|>|\[/?INST\]|<start_of_turn>|<｜(?:User|Assistant)｜>|<\|(?:user|assistant)\|>"
    r"|^\s*(?:Human|User|USER|Assistant|ASSISTANT|Student|Teacher)\s*:",
    re.MULTILINE,
)

_HEAD = re.compile(
    r"^[ \t]*(?:#+ ?|\*\*)?(Question|Problem|Q|问题|题目)(?: ?\d+)?(?:\*\*)?[:：](?:\*\*)?[ \t]*", re.MULTILINE
)
_ANSWER = re.compile(r"^[ \t]*(?:#+ ?|\*\*)?(?:Answer|Solution|A|答案|解答)(?: ?\d+)?(?:\*\*)?[:：]", re.MULTILINE)

_VENDORS = re.compile(
    r"\AYou are (?:Qwen|ChatGPT|Claude|Llama|DeepSeek(?:-R1)?|InternVL)\b[^.\n]{0,80}\.\s*"
    r"|\AA (?:conversation|chat) between (?i:user|a user)\b.*\Z"
    r"|\AYou are (?:a|an) (?:\w+,? ){0,4}(?:AI|assistant|model)(?: assistant)?[.!]?\Z",
    re.DOTALL,
)
"""System prompts of model families, and R1-Zero's."""


def unwrap_chat(text: str) -> str:
    r"""The user's question inside a chat template.

    >>> unwrap_chat("<|im_start|>system\nBe good.<|im_end|>\n<|im_start|>user\nWhat is 1 + 1?<|im_end|>\n<|im_start|>assistant\n")
    'What is 1 + 1?'
    """
    bare = text.strip()
    if not _MAY_BEGIN.match(bare):
        return text
    for template in _COMPILED:
        match = template.match(bare)
        if match and match["question"].strip() and not _ANOTHER_TURN.search(match["question"]):
            return str(match["question"].strip())
    return text


def is_boilerplate(system: str, extra: Sequence[str] = ()) -> bool:
    r"""Whether a system turn says nothing but who answers and in which form; `extra` as in `strip_instructions`.

    >>> is_boilerplate("You are a helpful assistant."), is_boilerplate("The user's numbers are hexadecimal.")
    (True, False)
    """
    return not strip_instructions(_VENDORS.sub("", system.strip()), extra).strip()


def last_question(text: str) -> str:
    r"""The last question of a few-shot prompt, `Question: ... Answer: ... Question: ...`, without its own head and open answer.

    Every question before the last must be answered, so that a problem in several parts is none.

    >>> last_question("Question: 1 + 1?\nAnswer: 2\n\nQuestion: 1 + 2?\nAnswer:")
    '1 + 2?'
    """
    heads = list(_HEAD.finditer(text))
    if len(heads) < 2 or text[: heads[0].start()].strip().count("\n") > 3 or len({head[1] for head in heads}) > 1:
        return text
    for head, after in pairwise(heads):
        answer = _ANSWER.search(text, head.end(), after.start())
        if (
            not answer
            or not text[head.end() : answer.start()].strip()
            or not text[answer.end() : after.start()].strip()
        ):
            return text
    question = text[heads[-1].end() :]
    answer = _ANSWER.search(question)
    if answer and question[answer.end() :].strip():
        return text
    return (question[: answer.start()] if answer else question).strip() or text
