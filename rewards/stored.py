r"""Options as data sets store them, in a field of their own: read into texts and labels, or refused.

    list        ["x", "y"], ("x", "y"), of numbers too, options that carry their letters: ["(A) x", "(B) y"]
    mapping     {"A": "x", "B": "y"}, {"option_a": "x"}, {"1": "x", "2": "y", "10": "z"} in the order of the numbers
    records     [{"label": "A", "text": "x"}, ...] with any usual names, {"text": ["x", "y"], "label": ["A", "B"]} (AI2-ARC)
    text        any of them as JSON, Python, numpy (`['x' 'y']`, `array(['x', 'y'], dtype=object)`), or a list of labels
                (`A. x B. y`, `{(a) x (b) y}`, `a ) x , b ) y`), one option a line, or between `|`, `;` or tabs

An option that is missing at the end is left out; one that is missing in the middle is '', so that the letters behind it stay right.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rewards.options import options_in
from rewards.written import listed, literal

MAX_CHARS = 100_000
_NOTHING = frozenset(("", "none", "nan", "n/a", "null", "na", "<na>", "[]", "{}", "()", "-"))
_TEXT_KEYS = (
    *("text", "content", "value", "option_text", "choice_text", "answer_text", "texts", "contents", "values"),
    *("choice", "option", "answer"),
)
_LABEL_KEYS = (
    *(
        "label",
        "labels",
        "letter",
        "letters",
        "key",
        "keys",
        "id",
        "ids",
        "option_id",
        "identifier",
        "index",
        "idx",
        "no",
    ),
    *("option", "choice", "name"),
)
_NESTED_KEYS = ("choices", "options")
_KEY = re.compile(r"(?P<name>.{0,40}?)[\s_\-.(（\[]{0,4}(?P<label>[A-Za-z]|\d{1,3})[)）\].:：、\s]{0,4}")
_CARRIED = re.compile(
    r"""\s*(?:option\s+|choice\s+|选项\s*)?(?: [(（\[【]\s*(?P<inner>[A-Za-z]|\d{1,2})\s*[)）\]】][.:：、]? |
    (?P<bare>[A-Za-z])(?:\s*(?:[)）:：、．]|\.(?!\d))|\s+[-–—]\s)
    | (?P<number>\d{1,2})(?:[)）、]|[.．]\s) | (?P<circled>[①-⑳]) )\s*(?P<text>.+)""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_LETTER_ALONE = re.compile(r"([A-Z])\s+(.+)", re.DOTALL)


class Stored(NamedTuple):
    """The texts of the options from A on, and the labels that the data set gives them; no labels where it gives none."""

    texts: list[str]
    labels: list[str]


class UnreadableOptionsError(ValueError):
    """A value that is there and is no list of options."""


def read_stored(value: Any, labels: Any = None) -> Stored:
    """Read the options of one row; no texts where there is no value. `labels` are those of a field of its own.

    >>> read_stored({"text": ["x", "y"], "label": ["1", "2"]})
    Stored(texts=['x', 'y'], labels=['1', '2'])
    >>> read_stored("['x' 'y']").texts, read_stored(["(A) x", "(B) y"]).texts
    (['x', 'y'], ['x', 'y'])

    Raises:
        UnreadableOptionsError: the value is there and cannot be read as two options or more, or has other labels than options.
    """
    value = _parsed(value)
    if value is None:
        return Stored([], [])
    found = _read(value)
    if found is None:
        raise UnreadableOptionsError(f"no list of options: {str(value)[:200]!r}")
    stated = _parsed(labels)
    if stated is not None:
        texts = [_as_text(item) for item in stated] if isinstance(stated, list | tuple) else list(str(stated))
        found = found._replace(labels=texts)
    return _in_order(_undressed(_without_end(found)))


def as_options(value: Any) -> list[str]:
    """The texts of the options in the order of their letters; [] for anything that is no list of options.

    >>> as_options("['7', 9]"), as_options({"B": "y", "A": "x"}), as_options("A. x B. y")
    (['7', '9'], ['x', 'y'], ['x', 'y'])
    """
    try:
        return read_stored(value).texts
    except UnreadableOptionsError:
        return []


def _read(value: Any) -> Stored | None:
    """The options of a list, a mapping or a record of lists, as they stand there."""
    if isinstance(value, Mapping):
        return _from_mapping(value)
    if not isinstance(value, list | tuple) or not value:
        return None
    if all(isinstance(item, Mapping) for item in value):
        return _from_records(value)
    if all(isinstance(item, list | tuple) and len(item) == 2 for item in value) and _are_letters(
        [str(item[0]) for item in value]
    ):
        return _from_labels({str(label): text for label, text in value})
    if any(isinstance(item, Mapping | list | tuple) for item in value):
        return None
    return Stored([_as_text(item) for item in value], [])


def _from_records(records: Sequence[Mapping[str, Any]]) -> Stored | None:
    """`[{"label": "A", "text": "x"}]`, `[{"A": "x"}, {"B": "y"}]`."""
    if len(records) == 1 and len(records[0]) > 1:
        return _from_labels(records[0])
    if all(len(record) == 1 for record in records) and len({next(iter(record)) for record in records}) == len(records):
        return _from_mapping({key: item for record in records for key, item in record.items()})
    names = {str(name).casefold(): name for name in records[0]}
    columns = {name: [_as_text(record.get(name)) for record in records] for name in names.values()}
    texts = [names[key] for key in _TEXT_KEYS if key in names]
    text = next((name for name in texts if not _are_letters(columns[name])), next(iter(texts), None))
    if text is None or any(isinstance(record.get(text), Mapping | list | tuple) for record in records):
        return None
    label = next((names[key] for key in _LABEL_KEYS if key in names and names[key] != text), None)
    return Stored(columns[text], [] if label is None else columns[label])


def _are_letters(texts: Sequence[str]) -> bool:
    return [text.strip("().").upper() for text in texts] == [_letter(place) for place in range(len(texts))]


def _from_mapping(value: Mapping[Any, Any]) -> Stored | None:
    """`{"text": [...], "label": [...]}`, a record that holds the options, or a mapping from labels."""
    names = {str(name).casefold(): name for name in value}
    lists = {key: name for key, name in names.items() if isinstance(value[name], list | tuple)}
    text = next((lists[key] for key in _TEXT_KEYS if key in lists), None)
    if text is not None:
        label = next((lists[key] for key in _LABEL_KEYS if key in lists and lists[key] != text), None)
        texts = [_as_text(item) for item in value[text]]
        return Stored(texts, [] if label is None else [_as_text(item) for item in value[label]])
    for key in _NESTED_KEYS:
        if key in names and (inner := _read(value[names[key]])):
            return inner
    return _from_labels(value)


def _from_labels(value: Mapping[Any, Any]) -> Stored | None:
    """A mapping from labels, in the order of the letters or numbers in its keys; a letter that is left out is a missing option."""
    matches = {key: _KEY.fullmatch(str(key)) for key in value}
    labels = {key: match["label"].upper() for key, match in matches.items() if match}
    names = {match["name"].casefold() for match in matches.values() if match}
    if len(labels) < len(value) or len(set(labels.values())) < len(value) or len(names) > 1:
        return None
    value = {key: _alone(item) for key, item in value.items()}
    if any(isinstance(item, Mapping | list | tuple) for item in value.values()):
        return None
    if all(label.isdigit() for label in labels.values()):
        ordered = sorted(value, key=lambda key: int(labels[key]))
    elif all(label.isalpha() for label in labels.values()):
        ordered = sorted(value, key=lambda key: labels[key])
    else:
        return None
    return Stored([_as_text(value[key]) for key in ordered], [labels[key] for key in ordered])


def _alone(item: Any) -> Any:
    """The one text in a list of one, or in a record of a text and nothing else to show."""
    if isinstance(item, Mapping):
        names = {str(name).casefold(): name for name in item}
        return next((item[names[key]] for key in _TEXT_KEYS if key in names), item)
    return item[0] if isinstance(item, list | tuple) and len(item) == 1 else item


def _without_end(found: Stored) -> Stored:
    """Without missing options at the end."""
    texts, labels = list(found.texts), list(found.labels)
    if labels and len(labels) != len(texts):
        raise UnreadableOptionsError(f"{len(labels)} labels for {len(texts)} options: {labels!r}"[:300])
    while texts and not texts[-1]:
        texts.pop()
    labels = labels[: len(texts)]
    if 0 < sum(bool(text) for text in texts) < 2:
        raise UnreadableOptionsError(f"a single option: {texts!r}"[:300])
    return Stored(texts, labels)


def _undressed(found: Stored) -> Stored:
    """Without the labels that the options carry, where all carry theirs in order."""
    texts = found.texts
    there = [text for text in texts if text]
    matches = [_CARRIED.fullmatch(text) for text in texts]
    carried = [_carried(match) if match else "" for match in matches]
    pairs = zip(texts, carried, range(len(texts)), strict=True)
    if there and all(not text or label in (_letter(place), str(place + 1)) for text, label, place in pairs):
        is_lettered = all(not label.isdigit() for label in carried)
        bare = [match["text"].strip() if match else "" for match in matches]
        if all(text for text, option in zip(bare, texts, strict=True) if option):
            return Stored(bare, found.labels if is_lettered or found.labels else carried)
    alone = [_LETTER_ALONE.fullmatch(text) for text in texts]
    if len(texts) > 2 and _are_letters([match[1] if match else "" for match in alone]):
        return Stored([match[2].strip() for match in alone if match], found.labels)
    if len(there) > 1 and sorted(carried) == [_letter(place) for place in range(len(texts))]:
        return Stored([match["text"].strip() for match in matches if match], carried)  # `B. y`, `A. x`
    if carried[:2] == ["A", "B"] and not found.labels:
        raise UnreadableOptionsError(f"labels in front of some options, or not in a row: {texts!r}"[:300])
    if len(there) == len(texts) and len(listed := options_in("\n".join(texts))) == len(texts) > 1:
        return Stored(listed, found.labels)
    return found


def _carried(match: re.Match[str]) -> str:
    """The label that an option carries: a capital letter or a number."""
    if match["circled"]:
        return str(ord(match["circled"]) - ord("①") + 1)
    return str(match["inner"] or match["bare"] or match["number"]).upper()


def _in_order(found: Stored) -> Stored:
    """With letters for labels, each option at the place of its letter: B, A comes as A, B; A, B, D has a missing C."""
    labels = [label.strip().strip("()（）.:：") for label in found.labels]
    places = [ord(label.upper()) - ord("A") if re.fullmatch("[A-Za-z]", label) else -1 for label in labels]
    if not labels or min(places) < 0:
        if len(set(labels)) < len(labels):
            raise UnreadableOptionsError(f"a label twice: {labels!r}"[:300])
        return Stored(found.texts, labels)
    if len(set(places)) < len(places) or max(places) > len(places) + 1:
        raise UnreadableOptionsError(f"labels that are no letters in a row: {labels!r}"[:300])
    by_place = dict(zip(places, found.texts, strict=True))
    texts = [by_place.get(place, "") for place in range(max(places) + 1)]
    return Stored(texts, [_letter(place) for place in range(len(texts))])


def _letter(place: int) -> str:
    return chr(ord("A") + place) if place < 26 else ""


def _as_text(item: Any) -> str:
    """One option as text, '' where it is missing."""
    if item is None or (isinstance(item, float) and math.isnan(item)):
        return ""
    text = str(item).strip()
    return "" if text.casefold() in ("nan", "<na>") else text


def _parsed(value: Any) -> Any:
    """The value that a text stands for; None where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if not isinstance(value, str):
        is_empty = isinstance(value, list | tuple | Mapping) and not any(_is_there(item) for item in _items(value))
        return None if is_empty else value
    text = value.strip()
    if text.casefold() in _NOTHING:
        return None
    if len(text) > MAX_CHARS:
        return text
    if spaced := _spaced(text):
        return spaced
    found = literal(text)
    return listed(text) if found is None else _parsed(found) if not isinstance(found, str) else found


def _spaced(text: str) -> dict[str, str] | None:
    """Options whose labels stand between spaces, as in text that was split into words; None for other text.

    >>> _spaced("a ) 5 / 3 , b ) 1 , 200 , c ) rs . 40")
    {'a': '5 / 3', 'b': '1 , 200', 'c': 'rs . 40'}
    """
    parts = re.split(r"(?:\A|\s*,\s*|\s+)([A-Za-z])\s\)\s+", text)
    labels = [part.upper() for part in parts[1::2]]
    if len(labels) < 2 or parts[0].strip() or labels != [_letter(place) for place in range(len(labels))]:
        return None
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))


def _items(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else value


def _is_there(item: Any) -> bool:
    """Whether an item is more than a missing value, or a list of such."""
    if isinstance(item, list | tuple):
        return any(map(_is_there, item))
    return bool(_as_text(item))
