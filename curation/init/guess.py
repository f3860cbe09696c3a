"""The mapping of one part: candidates for every role are tried through `Table` itself, and the one that reads most rows well is taken."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from curation.init.check import N_CHECKED, Check, check_files, check_of, doubts_of, faults_of
from curation.init.choices import OptionsAt, best_options
from curation.init.columns import Column, columns_of
from curation.init.file_kinds import spread
from curation.init.golds import answer_pattern, are_labels, option_base
from curation.init.images_at import ImagesAt
from curation.init.look import Part, read_with, table_of
from curation.init.numbered import numbered
from curation.init.pairs import is_of_another, other_questions, unit_doubt, unread_texts
from curation.init.pictures import find_images
from curation.init.roles import Scored, best_answers, best_ids, best_questions, best_traces, contexts, is_messages
from curation.normalise.language import LANGUAGES, identify
from curation.sources.formats.record import Record

N_TRIED = 40
"""Records that every candidate is tried on."""
ENOUGH = 0.5
"""Share of the rows that have to be read for a manifest that needs no hand."""


@dataclass(frozen=True)
class Guess:
    """The options of a source beside those of reading; `unsure` is what a person should look at, `hand` what a person has to do."""

    part: Part
    options: dict[str, Any]
    score: float = 0.0
    config: str = "rl"
    check: Check = field(default_factory=Check)
    unsure: tuple[str, ...] = ()
    hand: tuple[str, ...] = ()
    number: str = ""
    """Of the fields that it is about, where records hold several questions in numbered fields."""


def guess(part: Part, folder: Path | None) -> list[Guess]:
    """The best mapping of a part, one for each number where records hold numbered questions; none where no field looks like a question.
    Files of images are looked for below `folder`.
    """
    images = find_images(part.records, folder)
    found = []
    for number, hidden in numbered(columns_of(part.records)):
        lists = [""] if number else _lists(part)
        mapped = [one for explode in lists if (one := _mapped(part, explode, images, hidden))]
        if mapped:
            found.append(replace(_checked(max(mapped, key=lambda one: one.score), images, hidden), number=number))
    return found


def _lists(part: Part) -> Iterator[str]:
    """Paths of lists whose items may be rows of their own, and '' for none."""
    yield ""
    for column in columns_of(part.records):
        lists = [value for value in column.filled if isinstance(value, list | dict) and value]
        rows = [v for v in lists if _are_rows(v)]
        if lists and len(rows) > 0.7 * len(column.filled) and "." not in column.path:
            yield column.path
            inner = _items(part, column.path)
            for deeper in columns_of(inner):
                name = deeper.path.removeprefix("each.")
                if (
                    deeper.path != name
                    and "." not in name
                    and deeper.filled
                    and all(map(_is_list_of_rows, deeper.filled))
                ):
                    yield f"{column.path}.*.{name}"


def _is_list_of_rows(value: Any) -> bool:
    return isinstance(value, list) and _are_rows(value)


def _items(part: Part, explode: str) -> list[Record]:
    """The records of the items of a list, as a table makes them; none where it does not know such a path."""
    read = read_with({**part.reading, "explode": explode, "fields": {"question": "=x"}}, part.records, 300)
    return [record for record, _ in read if isinstance(record, Record)]


def _are_rows(value: Any) -> bool:
    items = list(value.values()) if isinstance(value, dict) else value
    return all(isinstance(item, dict) and len(item) > 1 for item in items) and not is_messages(items)


def _mapped(part: Part, explode: str, images: ImagesAt, hidden: Set[str]) -> Guess | None:
    records = part.records
    if explode:
        records = _items(part, explode)
    columns = columns_of(records)
    no_role = {expression.partition(".")[0] for expression in images.expressions}
    usable = [
        column
        for column in columns
        if column.path not in no_role and column.path not in hidden and not (explode and _is_of(column.path, explode))
    ]
    has_traces = bool(explode) and any(one.expression.startswith("each.") for one in best_traces(usable))
    questions = [
        one for one in best_questions(usable) if not explode or has_traces or one.expression.startswith("each.")
    ][:3]
    best: Guess | None = None
    sample = spread(part.records, N_TRIED)
    for question in questions:
        others = [column for column in usable if column.path != question.expression]
        if has_traces and not question.expression.startswith("each."):  # an answer beside a trace is the model's
            others = [column for column in others if not column.path.startswith("each.")]
        answers = best_answers(others, question.column)[:4]
        options = best_options(others, question.column)[:4]
        for answer, choice in product([*answers, None], options):
            found = _tried(part, explode, sample, usable, question, answer, choice)
            if found and (best is None or found.score > best.score):
                best = found
    return replace(best, score=best.score + 4 * has_traces) if best else None


def _is_of(path: str, explode: str) -> bool:
    items = explode.replace(".*", "")
    return path == items or path.startswith(f"{items}.") or (".*" not in explode and path == explode)


def _tried(
    part: Part,
    explode: str,
    sample: list[Record],
    columns: Sequence[Column],
    question: Scored,
    answer: Scored | None,
    choice: OptionsAt,
) -> Guess | None:
    """One combination, with what it is worth."""
    if answer and (answer.expression == choice.expression or answer.expression in choice.expression):
        return None
    if choice.expression and not answer:
        return None
    if answer and is_of_another(question.expression, answer.expression, [column.path for column in columns]):
        return None
    fields: dict[str, Any] = {"question": _with_context(question, columns)}
    options: dict[str, Any] = {"fields": fields} | ({"explode": explode} if explode else {})
    gold: dict[str, Any] = {}
    doubt = ""
    if answer:
        fields["answer"] = answer.expression
        if pattern := answer_pattern(answer.column):
            gold["answer_pattern"] = pattern
    if choice.expression:
        fields["options"] = list(choice.expression) if isinstance(choice.expression, tuple) else choice.expression
        if answer and not choice.labelled:
            base, doubt = option_base(answer.column, _option_values(choice, columns), choice.count)
            accepted = base is not None and table_of({"path": "x", "fields": fields, "gold": {"option_base": base}})
            gold |= {"option_base": base} if accepted else {}
    if gold:
        options["gold"] = gold
    supposed = {"gold": {**gold, "option_base": 0}} if doubt else {}  # which of the two bases does not matter here
    check = check_of({**part.reading, **options, **supposed}, sample)
    if not check.n:
        return None
    judged = check.n - check.kinds["text"] / 5 - check.bad.total() - check.kinds["no gold"] / 2
    score = question.score + (answer.score if answer else 0) + 15 * judged / check.n - 12 * check.letters
    if choice.expression:
        share = (check.kinds["choice"] + check.kinds["choices"]) / check.n
        score += 0.5 * choice.score + (6 * share if share > 0.5 else -4)
    return Guess(part, options, score, hand=(doubt,) if doubt else ())


def _option_values(choice: OptionsAt, columns: Sequence[Column]) -> list[Any]:
    """The options of every record, as they are."""
    by_path = {column.path: column for column in columns}
    if isinstance(choice.expression, tuple):
        return [list(values) for values in zip(*(by_path[path].values for path in choice.expression), strict=True)]
    return list(by_path[choice.expression].values) if choice.expression in by_path else []


def _with_context(question: Scored, columns: Sequence[Column]) -> str:
    """The question, behind the passage, premises or hint that it is about."""
    if question.column.filled and is_messages(question.column.filled[0]):
        return question.expression
    path, texts = question.expression, set(question.column.texts)
    before = [c for c in contexts(columns, path) if texts.isdisjoint(c.texts) and not _is_in(c, question.column)]
    before = [
        c for c in before if not any(other is not c and _same_text(other, c) for other in before[: before.index(c)])
    ]
    if question.column.name == "instruction":
        inputs = [c for c in columns if c.path == path.removesuffix("instruction") + "input" and c.is_text]
        return f"{{{path}}}\n\n{{{inputs[0].path}}}" if inputs else path
    return "\n\n".join(f"{{{name}}}" for name in (*(c.path for c in before[:2]), path)) if before else path


def _same_text(one: Column, two: Column) -> bool:
    return [str(value) for value in one.values] == [str(value) for value in two.values]


def _is_in(part: Column, whole: Column) -> bool:
    """Whether the text of one column is in that of another."""
    pairs = [(one, two) for one, two in zip(part.values, whole.values, strict=True) if one and two]
    return sum(str(one) in str(two) for one, two in pairs) > 0.5 * len(pairs)


def _checked(found: Guess, images: ImagesAt, hidden: Set[str] = frozenset()) -> Guess:
    """The guess with images, id, traces and language, read again as a build would read it."""
    part, options = found.part, {**found.options, "fields": dict(found.options["fields"])}
    fields, unsure, hand = options["fields"], [*part.notes, *images.unsure], [*found.hand]
    records = part.records
    if explode := options.get("explode"):
        records = _items(part, explode)
    columns = [column for column in columns_of(records) if column.path not in hidden]
    if images.expressions:
        fields["images"] = list(images.expressions) if len(images.expressions) > 1 else images.expressions[0]
        if images.options:
            options["images"] = images.options
    used = set(re.findall(r"[^{}\s]+", fields["question"])) | {fields.get("answer")}
    if ids := best_ids([c for c in columns if c.path not in used]):
        fields["id"] = ids[0].expression
    traces = best_traces([c for c in columns if c.path not in used])
    config = "rl"
    if traces and traces[0].score >= 5:
        config, fields["completion"] = "cold_start", traces[0].expression
    if "answer" not in fields:
        what = "no row is kept without; name it as fields.answer"
        if config == "cold_start":
            what = "no trace can be verified without: one that is taken from the trace itself proves nothing"
        hand.append(f"no field looks like the answer, and {what}")
        options["gold"] = {**options.get("gold", {}), "required": False}
    if "answer" in fields and (aliases := _aliases(columns, fields["answer"])):
        with_aliases = {**options, "fields": {**fields, "aliases": aliases}}
        if table_of({**part.reading, **with_aliases}):
            options, fields = with_aliases, with_aliases["fields"]
    options = _without_refused(part, options, unsure)
    check = _read_again(part, options)
    if check.kinds.total() < check.n and (rules := _rules_for_words(part, options, columns, check)):
        options["gold"] = {**options.get("gold", {}), "rules": rules}
        check = _read_again(part, options)
    if distractors := [c.path for c in columns if re.search(r"(?i)incorrect|wrong|distract", c.path)]:
        unsure.append(
            f"{', '.join(distractors[:5])} hold wrong answers; a question may need them as options, in a stated order"
        )
    unsure += other_questions(fields["question"], columns, options.get("explode", ""))
    for said_to, what_of_units in zip((unsure, hand), unit_doubt(fields.get("answer", ""), columns), strict=True):
        said_to += what_of_units
    named = [v for value in fields.values() for v in ((value,) if isinstance(value, str) else value)]
    read = {name for expression in named for name in re.findall(r"[^{}\s]+", expression)}
    unsure += unread_texts(read, columns, options.get("explode", ""))
    if language := _language(check):
        options["language"] = language
    if domain := _domain(part.name, check.kinds):
        options["domain"] = domain
    hand += faults_of(check)
    said = list(doubts_of(check))
    (hand if check.misread > ENOUGH or not check.kinds else unsure).extend(said)
    return replace(
        found, options=options, config=config, check=check, unsure=tuple(unsure), hand=tuple(filter(None, hand))
    )


def _read_again(part: Part, options: dict[str, Any]) -> Check:
    """What the options read, as a build reads: of every file a little, of one file with many records some of all of it."""
    whole = {**part.reading, **options}
    if len(part.files) > 1:
        return check_files(whole, spread(part.files, N_CHECKED // 2))
    if "hub" in part.reading or (len(part.seen) > N_CHECKED and not options.get("explode")):
        return check_of(whole, spread(part.records, N_CHECKED))
    return check_of(whole, None)


def _rules_for_words(
    part: Part, options: dict[str, Any], columns: Sequence[Column], check: Check
) -> list[dict[str, str]]:
    """`gold.rules` where golds are a few words of which some read as no answer (`Unknown`); none where that gives no more rows."""
    answers = [column for column in columns if column.path == options["fields"].get("answer")]
    if not answers or "options" in options["fields"] or not are_labels(answers[0]):
        return []
    rules = [{"kind": "text"}]
    read = _read_again(part, {**options, "gold": {**options.get("gold", {}), "rules": rules}})
    return rules if read.kinds.total() > check.kinds.total() else []


def _aliases(columns: Sequence[Column], answer: str) -> str:
    """A list of further accepted answers beside the answer, '' where there is none, or the answer holds it."""
    named = (
        c
        for c in columns
        if re.search(r"alias|accepted|valid_answers|other_answers", c.name) and isinstance(c.filled[0], list)
    )
    return next((c.path for c in named if not f"{c.path}.".startswith(f"{answer}.")), "")


def _without_refused(part: Part, options: dict[str, Any], unsure: list[str]) -> dict[str, Any]:
    """The options without those of `images` that this version of the table does not have."""
    if table_of({**part.reading, **options}) is None and "strip_prefix" in options.get("images", {}):
        unsure.append(
            f"the paths of the images begin with {options['images']['strip_prefix'][0]!r}, which has to be taken off"
        )
        options = {**options, "images": {k: v for k, v in options["images"].items() if k != "strip_prefix"}}
    return options


def _domain(name: str, kinds: Counter[str]) -> str:
    """Mathematics, where the files are called so and all golds are mathematics; others are not certain enough."""
    named = re.search(r"(?i)(?:^|[\W_\d])(?:maths?|gsm8?k?|aime|algebra|olympiad)(?=[\W_\d]|$)", name)
    return "mathematics" if named and kinds and kinds["math"] + kinds["number"] >= 0.95 * kinds.total() else ""


def _language(check: Check) -> str:
    """The language that at least 95 % of the questions are in, of 10 or more, and most questions of every file."""
    by_file: dict[str, Counter[str]] = defaultdict(Counter)
    for row, file in spread([*zip(check.rows, check.files, strict=True)], 200):
        by_file[file][identify(row.question, LANGUAGES)] += 1
    found = sum(by_file.values(), Counter[str]())
    if found.total() < 10:
        return ""
    language, n = found.most_common(1)[0]
    agree = all(of_file[language] > 0.5 * of_file.total() for of_file in by_file.values() if of_file.total() > 1)
    return language if n >= 0.95 * found.total() and agree else ""
