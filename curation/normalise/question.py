"""The rules for a question's text, in order, until none of them changes it: normalising twice is normalising once."""

from collections.abc import Callable, Sequence

from curation.core.row import PLACE
from curation.normalise.characters import clean_characters, read_escapes, restore_commands
from curation.normalise.chat import last_question, unwrap_chat
from curation.normalise.latex import spell_signs, trim_formulas
from curation.normalise.markup import undo_forum_tags, undo_html
from curation.normalise.wrappers import strip_instructions
from curation.text.places import drop_leading, plain_places

Rule = tuple[str, Callable[[str], str]]
MAX_ROUNDS = 5

_BEFORE: tuple[Rule, ...] = (
    ("swallowed LaTeX commands restored", restore_commands),
    ("HTML undone", undo_html),
    ("forum tags removed", undo_forum_tags),
    ("characters cleaned", clean_characters),
    ("literal line breaks read", read_escapes),
    ("picture tokens made plain", plain_places),
    ("chat template removed", unwrap_chat),
    ("solved examples removed", last_question),
)
_AFTER: tuple[Rule, ...] = (
    ("AoPS signs spelled", spell_signs),
    ("formula spacing trimmed", trim_formulas),
    ("white space at the ends removed", str.strip),
)


def normalise_question(
    text: str, extra: Sequence[str] = (), has_images: bool = False, in_front: bool = True
) -> tuple[str, list[str]]:
    r"""The question and what was changed, in fixed phrases. `extra` are regular expressions of further instructions.
    With images, places that all stand `in_front` go, and any other stays (see `text.places`).

    >>> normalise_question("Question: What is $ x $?\\nA. 1\\nB. 2 Answer:")
    ('What is $x$?\nA. 1\nB. 2', ['literal line breaks read', 'instruction removed', 'formula spacing trimmed'])
    """
    rules = [*_BEFORE, ("instruction removed", lambda text: strip_instructions(text, extra)), *_AFTER]
    if has_images:
        rules = [(what, _keeping_places(rule)) for what, rule in rules]
    if has_images and in_front:
        rules.insert(len(_BEFORE), ("picture placeholders in front removed", drop_leading))
    return apply_rules(text, rules)


def _keeping_places(rule: Callable[[str], str]) -> Callable[[str], str]:
    """The rule, where it leaves the places of the images: a solved example with one would go, and its image stay."""

    def kept(text: str) -> str:
        changed = rule(text)
        return changed if changed.count(PLACE) >= text.count(PLACE) else text

    return kept


def apply_rules(text: str, rules: Sequence[Rule]) -> tuple[str, list[str]]:
    """Every rule in turn, again while something changes."""
    changes: list[str] = []
    for _ in range(MAX_ROUNDS):
        before = text
        for what, rule in rules:
            changed = rule(text)
            if changed != text and what not in changes:
                changes.append(what)
            text = changed
        if text == before:
            break
    return text, changes
