r"""Drop traces in which another speaker, a tool or a template speaks: turns of a chat, tokens of tokenizers, calls of tools.

A model that goes on behind its answer writes the next user's turn, one that had tools writes their calls; the trainer would teach both. The
tokens are those that the chat templates of Qwen, Llama, Mistral, Gemma, Phi, DeepSeek, Kimi and gpt-oss put around a turn; "as an AI" and
its kin are what refusals begin with (Zou et al. 2023, arXiv 2307.15043, appendix B). A role counts at the beginning of a line with a colon
behind it and outside a fence: code may print a dialogue. What the question has too is no leftover.
"""

import re
import string
from typing import ClassVar, Literal

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.text.literals import Literals

_TOKEN = re.compile(
    r"<\|[a-z][a-z0-9_ ]{1,40}\|>|<｜[^｜\n]{1,30}｜>|<\|[^|\n]{1,30}｜>"
    r"|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|\[/?(?:AVAILABLE_TOOLS|TOOL_RESULTS)\]"
    r"|<(?:bos|eos|pad|unk)>|</s>(?=\s*(?:\Z|\n|[<\[A-Z]))|<s>(?=\s*(?:\[|\Z))|<0x[0-9A-F]{2}>|\[TOOL_CALLS\]|<\[(?:BOS|EOS)_[^\]]{1,20}\]>"
)
_TOOL = re.compile(
    r"</?(?:tool_call|tool_response|tool_result|tools|function_call|function_calls|function_response|invoke|code_interpreter|observation"
    r"|search|information|python)(?:\s[^>\n]{0,80})?>"
    r"|<function=\w|\{\s*\"(?:name|tool|function|action)\"\s*:\s*\"[\w.]{1,60}\"\s*,\s*\"(?:arguments|parameters|action_input|args)\"\s*:"
    r"|^\s*(?:Action Input|Observation|Tool (?:call|output|response)):\s"
    r"|^\s*```(?:tool_code|tool_outputs?|python exec|output_of_tool|execute)\b"
    r"|\bto=(?:functions|browser|python|container)\b",
    re.MULTILINE,
)
_ROLE = re.compile(
    r"^[ \t]*(?:#{1,4} |\*\*|<)?(?:User|Human|Assistant|USER|HUMAN|ASSISTANT|SYSTEM|用户|助手|人类)(?:\*\*)?"
    r"[ \t]?(?::|：)(?:\*\*)?(?=[ \t]*(?:\n[ \t]*)?\S)"
    r"|^#{2,4} (?:Instruction|Response|Input|Human|Assistant|User|System):?[ \t]*$",
    re.MULTILINE,
)
_ABOUT_ITSELF = re.compile(
    r"\bas an? (?:AI|artificial intelligence|(?:large )?language model)\b(?! (?:researcher|engineer|expert))"
    r"|\bI(?:'|’| a)?m (?:just |only )?an? (?:AI|(?:large )?language model)\b"
    r"|\bmy (?:knowledge cutoff|training data (?:only|ends|goes))\b|作为一个?(?:AI|人工智能|语言模型)",
    re.IGNORECASE,
)
_SYSTEM = re.compile(
    r"\b[Yy]ou are (?:a|an) (?:helpful|large|honest|AI|expert|intelligent|powerful)\b[^.\n]{0,60}(?:assistant|model|AI)\b"
    r"|\bYou are (?:ChatGPT|Qwen|Claude|Kimi|DeepSeek|a large language model)\b"
    r"|\ba (?:chat|conversation) between a (?:curious )?(?:user|human) and an? (?:artificial intelligence )?assistant\b"
    r"|\bthe assistant first thinks about the reasoning process\b"
)


class RoleLeftovers(Filter):
    """Text of a template, of a tool or of another turn in the trace."""

    kind: Literal["role_leftovers"] = "role_leftovers"
    of_traces: ClassVar[bool] = True
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(
        ("special_tokens", "tool_calls", "other_turns", "talk_of_being_a_model", "system_prompt"), ""
    )

    def judge(self, row: Row) -> Judgement:
        if (found := _found(_TOKEN, _TOKEN_HINTS, row)) is not None:
            return False, "special_tokens", found
        if (found := _found(_TOOL, _TOOL_HINTS, row)) is not None:
            return False, "tool_calls", found
        if (found := _found(_ROLE, _ROLE_HINTS, row)) is not None:
            return False, "other_turns", found
        if (found := _found(_SYSTEM, _SYSTEM_HINTS, row)) is not None:
            return False, "system_prompt", found
        if (found := _found(_ABOUT_ITSELF, _MODEL_HINTS, row)) is not None:
            return False, "talk_of_being_a_model", found
        return True


_TOKEN_HINTS = Literals((
    *(f"<|{letter}" for letter in string.ascii_lowercase), "｜>", "inst]", "sys>>", "_of_turn>", "<bos>", "<eos>", "<pad>", "<unk>",
    "</s>", "<s>", "<0x", "tools]", "tool_results]", "tool_calls]", "<[bos_", "<[eos_",
))  # fmt: skip
"""What a text with a match contains, in small letters: to look for that first is a tenth of the work."""
_TOOL_HINTS = Literals((
    "tool", "function", "invoke>", "code_interpreter", "observation", "search>", "information>", "python", '"name"', '"action"',
    "action input:", "```output_", "```execute",
))  # fmt: skip
_ROLE_HINTS = Literals(("user", "human", "assistant", "system:", "system*", "## ", "用户", "助手", "人类"))
_SYSTEM_HINTS = Literals(("assistant", "you are "))
_MODEL_HINTS = Literals((
    "an ai", "a ai", "language model", "artificial intelligence", "my knowledge", "my training", "作为",
))  # fmt: skip


def _found(pattern: re.Pattern[str], hints: Literals, row: Row) -> str | None:
    """The first match that the question does not have, with what is around it."""
    if not hints.any_in(row.completion):
        return None
    trace, asked = row.completion, ""
    for match in pattern.finditer(trace):
        asked = asked or "\n".join(turn.content for turn in row.prompt)
        if match[0].strip() not in asked and not (pattern is _ROLE and _is_in_fence(trace, match.start())):
            return trace[max(0, match.start() - 20) : match.end() + 40]
    return None


def _is_in_fence(text: str, place: int) -> bool:
    return text.count("```", 0, place) % 2 == 1
