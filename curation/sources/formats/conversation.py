"""Conversations as data sets write them, as turns of plain text with `<image>` where a picture stands.

    [{role, content}, ...]     OpenAI, TRL, verl, Qwen-VL; content is text or parts: {type: text | input_text, text}, {type: image |
                               image_url | input_image, ...} (with its picture, or empty: the record's `images` fill those in order)
    [{from, value}, ...]       ShareGPT, LLaVA: human, gpt, system
    [{type, ...}, ...]         the parts of one user turn

All of them also as JSON or Python text. The last user turn is the question, turns before it are kept in front of it, and the
assistant's turn behind it is the completion.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.core.errors import BadRowError
from curation.core.row import PLACE, Message, Role
from curation.sources.formats.expression import lookup
from curation.sources.formats.picture_values import KEYS as PICTURE_KEYS
from curation.sources.formats.picture_values import is_empty, picture_values, several_of
from curation.sources.formats.record import Record

ROLES: dict[str, Role] = {
    "system": "system", "developer": "system",
    "user": "user", "human": "user", "question": "user", "prompter": "user",
    "assistant": "assistant", "gpt": "assistant", "model": "assistant", "bot": "assistant", "chatgpt": "assistant", "answer": "assistant",
}  # fmt: skip
_NAMES = (
    ("role", "content"),
    ("from", "value"),
    ("role", "value"),
    ("from", "content"),
    ("role", "text"),
    ("speaker", "text"),
)
_TEXTS = ("text", "input_text", "output_text")
_TEXT_KEYS = ("text", "content", "value")
_PICTURES = ("image", "image_url", "input_image")
_SPELLED = re.compile(r"\s*[\[{].{0,2000}?[\"'](?:role|from)[\"']", re.DOTALL)

Picture = str | bytes | int | None
"""Of a content part: a path, URL or bytes; the number of one of the record's images; None for the next of them."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Its turns up to the last question, the pictures of their parts in order, and the answer that follows."""

    turns: tuple[Message, ...]
    pictures: tuple[Picture, ...] = ()
    completion: str = ""


def as_list(value: Any) -> Any:
    """A list, also where it is an array or written as text; anything else as it is."""
    if isinstance(value, str) and _SPELLED.match(value):
        parsed = as_list(several_of(value.strip()))
        return parsed if is_conversation(parsed) else value
    if isinstance(value, Mapping) and _names_of(value):
        return [value]
    return list(value) if isinstance(value, tuple) or hasattr(value, "tolist") else value


def is_conversation(value: Any) -> bool:
    """Whether a value is a list of turns."""
    return (
        isinstance(value, list) and bool(value) and all(isinstance(turn, Mapping) and _names_of(turn) for turn in value)
    )


def is_parts(value: Any) -> bool:
    """Whether a value is a list of content parts."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(part, Mapping) and _part_kind(part) for part in value)
    )


def read_conversation(value: list[Any]) -> Conversation:
    """The turns of a conversation, or of the parts of a single user turn.

    Raises:
        BadRowError: `conversation_unreadable`: a role or part that has no place in a prompt; `question_missing`: no user turn.
    """
    if is_parts(value):
        pictures: list[Picture] = []
        return Conversation((Message("user", _content(value, pictures, "the question")),), tuple(pictures))
    roles = [_role(turn, number) for number, turn in enumerate(value)]
    if "user" not in roles:
        raise BadRowError("question_missing", f"no user turn among {', '.join(roles)}")
    last = len(roles) - 1 - roles[::-1].index("user")
    pictures = []
    turns = []
    for number, (role, turn) in enumerate(zip(roles[: last + 1], value, strict=False)):
        turns.append(Message(role, _content(_content_of(turn), pictures, f"turn {number}")))
    answers = [_answer(turn, last + 1 + number) for number, turn in enumerate(value[last + 1 :])]
    if len(answers) > 1 or (answers and roles[-1] != "assistant"):
        raise BadRowError(
            "conversation_unreadable", f"{', '.join(roles[last + 1 :])} behind the last user turn; expected one answer"
        )
    return Conversation(tuple(turns), tuple(pictures), "".join(answers))


def content_text(value: Any) -> Any:
    """The text of content parts, of one turn, or of the assistant's only turn, as completions and answers have them; else the value itself.

    Raises:
        BadRowError: `conversation_unreadable`, several answers, or something else than text.

    >>> content_text([{"type": "text", "text": "so "}, {"type": "text", "text": "4"}])
    'so 4'
    >>> content_text([{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}])
    '4'
    """
    if is_conversation(value):
        answers = [turn for number, turn in enumerate(value) if _role(turn, number) == "assistant"]
        if len(answers) != 1:
            raise BadRowError(
                "conversation_unreadable", f"{len(answers)} turns of the assistant; expected one, or a path to one"
            )
        return _answer(answers[0], 0)
    if isinstance(value, Mapping) and _names_of(value):
        return _answer(value, 0)
    return _content(value, [], "the text") if is_parts(value) else value


def filled(parts: Sequence[Picture], listed: Sequence[str | bytes]) -> list[str | bytes]:
    """The pictures of a row: those of its parts in order, with the `listed` ones of its record where a part has none.

    Raises:
        BadRowError: `placeholder_count`, there are more or fewer of them than such parts.

    >>> filled(["a.png", None], ["b.png"]), filled([], ["b.png"]), filled(["a.png"], ["a.png"])
    (['a.png', 'b.png'], ['b.png'], ['a.png'])
    """
    if not parts or (None not in parts and list(parts) == list(listed)):
        return list(listed)
    rest, used = list(listed), 0
    values: list[str | bytes] = []
    for part in parts:
        if isinstance(part, int) or part is None:
            number = used if part is None else part
            if number >= len(rest):
                raise _unfilled(parts, listed)
            used = max(used, number + 1)
            part = rest[number]
        values.append(part)
    if used < len(rest):
        raise _unfilled(parts, listed)
    return values


def _unfilled(parts: Sequence[Picture], listed: Sequence[str | bytes]) -> BadRowError:
    empty = sum(part is None or isinstance(part, int) for part in parts)
    detail = f"the messages have {len(parts)} picture parts, {empty} of them without a picture, and fields.images gives {len(listed)}"
    return BadRowError("placeholder_count", detail)


def check_turn(expression: str, record: Record, others: Sequence[str]) -> None:
    """See that a path into a conversation, `messages.0.content`, names a user turn and needs no other; `others` are the paths of what
    answers it, which may be the turn behind it.

    Raises:
        BadRowError: `question_not_users`; `turns_lost` where other user turns are left out.
    """
    for found in re.finditer(r"\.(-?\d+)(?=\.|\Z)", expression):
        path = expression[: found.start()]
        turns = as_list(lookup(record.value, path))
        if not is_conversation(turns) or not all(_role_name(turn) in ROLES for turn in turns):
            continue
        roles = [ROLES[_role_name(turn)] for turn in turns]
        number = int(found[1]) % len(roles)
        whole = f"`question: {path}` reads the last user turn with those before it, `question: '{{{expression}}}'` this turn alone"
        if roles[number] != "user":
            raise BadRowError("question_not_users", f"turn {number} is the {roles[number]}'s; {whole}")
        if "user" in roles[:number]:
            raise BadRowError("turns_lost", f"turn {number} has earlier user turns; {whole}")
        if "user" in roles[number + 1 :]:
            until = number + 1 + roles[number + 1 :].index("user")
            answers = [
                int(at[1]) % len(roles)
                for other in others
                if (at := re.match(rf"{re.escape(path)}\.(-?\d+)(?:\.|\Z)", other))
            ]
            if not answers or max(answers) > until:
                raise BadRowError("turns_lost", f"turn {number} has later user turns; {whole}")


def _names_of(turn: Mapping[Any, Any]) -> tuple[str, str] | None:
    return next((names for names in _NAMES if names[0] in turn and names[1] in turn), None)


def _content_of(turn: Mapping[Any, Any]) -> Any:
    names = _names_of(turn)
    return turn[names[1]] if names else None


def _role(turn: Mapping[Any, Any], number: int) -> Role:
    name = _role_name(turn)
    if (role := ROLES.get(name)) is None:
        raise BadRowError("conversation_unreadable", f"turn {number} has the role {name!r}; known: {', '.join(ROLES)}")
    return role


def _role_name(turn: Mapping[Any, Any]) -> str:
    names = _names_of(turn)
    return str(turn[names[0]] if names else None).lower()


def _answer(turn: Mapping[Any, Any], number: int) -> str:
    text = _content(_content_of(turn), [], f"turn {number}")
    thought = turn.get("reasoning_content") or turn.get("reasoning")
    return f"<think>{thought}</think>\n{text}" if isinstance(thought, str) and "<think>" not in text else text


def _content(value: Any, pictures: list[Picture], where: str) -> str:
    """The text of a turn, its pictures' places marked and their values added to `pictures`."""
    if isinstance(value, str):
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list | tuple):
        raise BadRowError(
            "conversation_unreadable", f"{where} holds {type(value).__name__}; expected text or content parts"
        )
    texts = []
    for part in value:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping) and (kind := _part_kind(part)):
            found = _pictures_of(part) if kind == "image" else []
            pictures.extend(found)
            texts.append(PLACE * len(found) if found else _text_of(part))
        else:
            got = part.get("type") or ", ".join(map(str, part)) if isinstance(part, Mapping) else type(part).__name__
            raise BadRowError("conversation_unreadable", f"{where} has a part {got!r}; expected text or image")
    return _joined(texts)


def _text_of(part: Mapping[Any, Any]) -> str:
    return str(next(part[name] for name in _TEXT_KEYS if part.get(name) is not None))


def _pictures_of(part: Mapping[Any, Any]) -> list[Picture]:
    values = {key: value for key, value in part.items() if key in PICTURE_KEYS and not is_empty(value)}
    index = part.get("index")
    return [*picture_values(values)] or [index if isinstance(index, int) else None]


def _joined(texts: Sequence[str]) -> str:
    """The parts one after the other: texts that would touch on lines of their own, a word and the place of a picture with a space between.

    >>> _joined(["Compare", "<image>", "with", "<image>", ". Which?"]), _joined(["<image>", "What?"]), _joined(["A or B?", "A. 1"])
    ('Compare <image> with <image>. Which?', '<image>What?', 'A or B?\\nA. 1')
    """
    whole, last = "", PLACE
    for text in filter(None, texts):
        places = text.startswith(PLACE), last.endswith(PLACE)
        touching = whole and not whole[-1].isspace() and not text[0].isspace()
        if touching and not any(places):
            whole += "\n"
        elif touching and ((places[0] and last[-1].isalnum()) or (text[0].isalnum() and whole.replace(PLACE, ""))):
            whole += " "
        whole, last = whole + text, text
    return whole


def _part_kind(part: Mapping[Any, Any]) -> str:
    """`text`, `image` or '' for anything else. Parquet gives every part the keys of all, null where it has none."""
    stated = part.get("type")
    if stated in _TEXTS:
        return "text" if any(part.get(name) is not None for name in _TEXT_KEYS) else ""
    if stated in _PICTURES:
        return "image"
    if stated is not None:
        return ""
    keys = {key for key, value in part.items() if not is_empty(value)}
    return (
        "text"
        if keys == {"text"}
        else "image"
        if keys and keys <= {"image", "image_url", "bytes", "path", "url"}
        else ""
    )
