"""Rows from files of any layout, or a Hub data set, by a declarative mapping of fields.

    - kind: table
      name: puzzlevqa
      license: MIT
      domain: puzzle
      path: $OVR_REAL_DATA/puzzlevqa/PuzzleVQA/data/*.json   # or `hub: owner/name` with config, split, revision
      fields: {question: question, answer: answer, options: options, images: image}
      images: {extensions: [.png]}
      gold: {answer_pattern: '#### (.+)$'}
      strip: ["Let's think step by step and output the final answer within \\\\boxed{}."]

The format is recognised by content: JSON in several shapes, JSON Lines, CSV, Parquet, Arrow; compressed, in UTF-16, or inside zip and tar
archives (`formats.files` says how members are named, `formats.limits` how large a part may be). Each part is documented with its options:
`formats.fields`, `formats.expression` (what a field may say), `formats.conversation` (turns), `formats.images`, `formats.gold`,
`formats.json_file` (shapes).
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from curation.core.digests import is_whole_disk, sha256_of
from curation.core.errors import BadRowError, SourceError
from curation.core.plugins import Pattern
from curation.core.row import STRATA, Row, Stratum, format_of, make_row
from curation.images import ImageError, explain
from curation.sources.base import BadRow, Source
from curation.sources.formats.archive import is_archive
from curation.sources.formats.conversation import Conversation, content_text, filled
from curation.sources.formats.expression import evaluate
from curation.sources.formats.fields import PER_RECORD, Fields
from curation.sources.formats.files import Format, find_files
from curation.sources.formats.folder import root_digest
from curation.sources.formats.gold import NO_GOLD, GoldOptions, ReadGold
from curation.sources.formats.hub import describe, read_hub, resolve_revision
from curation.sources.formats.images import Images
from curation.sources.formats.json_file import Shape
from curation.sources.formats.nested import exploded, joined_with
from curation.sources.formats.reader import iter_records
from curation.sources.formats.record import BadRecord, Record
from curation.text.options import as_options, list_options, options_in
from curation.text.places import mark_named, mark_options

_PEEKED = 50
"""Records that are looked at before reading."""


class Table(Source):
    """One data set as a table of records."""

    kind: Literal["table"] = "table"
    renamed: ClassVar[dict[str, str]] = {"beside": "join", "each": "explode"}
    digested: ClassVar[frozenset[str]] = frozenset({"path", "hub", "images", "join"})

    path: str | tuple[str, ...] = ()
    """Files, as globs (`**` too), read one after the other; gzip, bz2, xz, zstd and UTF-16 are undone. A zip or tar archive means its
    data files; `set.zip!/train/*.json` names members."""
    hub: str = ""
    """Name of a Hub data set, instead of `path`."""
    config: str | None = None
    split: str = "train"
    revision: str | None = None
    """Commit, tag or branch of the Hub data set; the manifest lock records the commit."""
    format: Format | Literal["auto"] = "auto"
    shape: Shape = "auto"
    """How a JSON file holds its records (see `formats.json_file`)."""
    records: str = ""
    """Dotted path of the records inside a JSON file, where they are not at its top level."""
    explode: str = ""
    """Path of a list (or dict) inside the record: one row per item, which fields then name as `each.*`."""
    join: dict[str, str] = Field(default_factory=dict)
    """Name -> a JSON file in the record's folder, which fields then name as `name.*`."""
    on_truncated: Literal["error", "keep"] = "error"
    """A file that is cut short: refuse it, or keep its complete records and count one `truncated_file`."""
    fields: Fields
    images: Images = Images()
    gold: GoldOptions = GoldOptions()
    strip: tuple[str, ...] = ()
    """Instructions removed from the beginning or end of questions."""
    completion_pattern: Pattern = ""
    """A regular expression whose first match is the trace, where more is around it: '(?s)<think>.*'."""

    levels: dict[Stratum, Pattern] = Field(default_factory=dict)
    """Stratum -> a regular expression for the values of `fields.stratum` that belong to it: {easy: 'Level [12]', challenging: 'Level 5'}.
    A value that belongs to none leaves the row with the source's own `stratum`."""
    domains: dict[str, Pattern] = Field(default_factory=dict)
    """Domain -> a regular expression for the values of `fields.domain` that mean it: {mathematics: 'math|maths'}. Others stay as stated."""

    @model_validator(mode="after")
    def _has_one_origin(self) -> "Table":
        if bool(self.path) == bool(self.hub):
            raise ValueError("expected `path` or `hub`, and not both")
        return self

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,) if isinstance(self.path, str) else self.path

    @cached_property
    def commit(self) -> str:
        """The commit of the Hub data set, asked for once: the workers read what the lock records."""
        return resolve_revision(self.hub, self.revision)

    def read(self, seed: int) -> Iterator[Row | BadRow]:
        """Rows in file order; `limit` counts the bad ones too."""
        several = not self.hub and _several(self.paths)
        good, missing = 0, ""
        for record in islice(self._records(), self.limit):
            row = self._row(record, several)
            if isinstance(row, BadRow) and row.reason == "field_missing":
                missing = missing or row.detail
            elif isinstance(row, Row):
                good += 1
            yield row
        if missing and not good:
            raise SourceError(f"source {self.name!r} gives no row; {missing}")

    def inputs(self) -> dict[str, str]:
        """SHA-256 of every file, a digest of the images' folder, or the commit of the Hub data set."""
        digests = super().inputs()
        if self.hub:
            return digests | {describe(self.hub, self.config, self.split): self.commit}
        files = find_files(self.paths)
        digests |= {name: sha256_of(path) for name, path, _ in files}
        for name in self.join.values():
            for file, path, _ in files:
                if (neighbour := path.parent / name).is_file() or not is_archive(path):
                    digests[f"{name} beside {file}"] = sha256_of(neighbour) if neighbour.is_file() else "missing"
        roots = [Path(root) for root in self.images.roots] or sorted({path.parent for _, path, _ in files})
        known = bool(self.fields.images) and (bool(self.images.roots) or not any(map(is_whole_disk, roots)))
        if known or self._names_files():
            digests |= {f"pictures {i}": root_digest(root) for i, root in enumerate(roots)}
        return digests

    def _names_files(self) -> bool:
        """Whether the first records name pictures in files, and do not hold them."""
        with suppress(SourceError):  # reading says it
            for record in islice(self._records(), _PEEKED):
                if isinstance(record, Record):
                    with suppress(BadRowError, RecursionError):
                        values = self._picture_values(self.fields.conversation(record), record)
                        if any(map(self.images.is_path, values)):
                            return True
        return False

    def _records(self) -> Iterator[Record | BadRecord]:
        if self.hub:
            name = describe(self.hub, self.config, self.split)
            items = read_hub(self.hub, self.config, self.split, self.commit)
            records: Iterator[Record | BadRecord] = (Record(name, None, *item) for item in items)
        else:
            records = iter_records(self.paths, self.format, self.shape, self.records, self.on_truncated == "keep")
        for record in records:
            joined = joined_with(record, self.join) if self.join and isinstance(record, Record) else record
            if self.explode and isinstance(joined, Record):
                yield from exploded(joined, self.explode)
            else:
                yield joined

    def _row(self, record: Record | BadRecord, several: bool) -> Row | BadRow:
        """The row that a record becomes, or why it does not."""
        source_id = self._source_id(record, several)
        if isinstance(record, BadRecord):
            return self._bad(source_id, record.reason, record.detail)
        try:
            row = self._mapped(record, source_id)
            _encode(row)
            return row
        except BadRowError as error:
            return self._bad(source_id, error.reason, error.detail)
        except UnicodeEncodeError as error:
            around = error.object[max(error.start - 20, 0) : error.end + 20]
            return self._bad(source_id, "text_not_unicode", f"{error.reason}: {around!r}")
        except RecursionError:
            return self._bad(source_id, "record_too_deep", "lists or objects nested too deep to be read")

    def _bad(self, source_id: str, reason: str, detail: str) -> BadRow:
        """The record for the ledger, which like the shards holds no text that UTF-8 cannot."""
        source_id, detail = (text.encode(errors="backslashreplace").decode() for text in (source_id, detail))
        return BadRow(self.name, source_id, reason, detail)

    def _mapped(self, record: Record, source_id: str) -> Row:
        fields = self.fields
        conversation = fields.conversation(record)
        values = self._picture_values(conversation, record)
        names = [value for value in values if isinstance(value, str)] if all(isinstance(v, str) for v in values) else []
        question, notes = self._stripped(mark_named(conversation.turns[-1].content.strip(), names))
        options = [mark_named(option, names) for option in self._options(question, record)]
        question, options = mark_options(question, options, names)
        gold = self._gold(record, options, question)
        if gold.note:
            notes.append(gold.note)
        if gold.kind == "choice" and options and len(options_in(question)) < len(options):
            question = list_options(question, options)
            notes.append("options listed below the question")
        images = self.images.load(values, record)
        columns = self.row_defaults()
        columns |= {name: text for name in PER_RECORD if (text := self._stated(name, record))}
        try:
            return make_row(
                source=self.name,
                source_id=source_id,
                question=question,
                turns=conversation.turns[:-1],
                images=images,
                answer=gold.answer,
                answer_kind=gold.kind,
                answer_options=gold.options,
                completion=self._completion(record, conversation),
                teacher=fields.text("teacher", record),
                format=format_of(gold.kind),
                provenance=tuple(("collect", note) for note in notes),
                **columns,
            )
        except Exception as error:  # decoders raise anything on hostile bytes; counted under its reason
            if not images or isinstance(error, UnicodeEncodeError):
                raise
            raise explain(error) from error

    def _picture_values(self, conversation: Conversation, record: Record) -> list[str | bytes]:
        """What a row's pictures are: those of the conversation's parts and of `fields.images`, which fill parts without any."""
        expressions = self.fields.image_expressions
        values = filled(conversation.pictures, self.images.values(expressions, record))
        if not values and expressions and self.images.required:
            raise ImageError("picture_missing", f"no value at {', '.join(expressions)}")
        return values

    def _stated(self, name: str, record: Record) -> str:
        """What the record states for a column, '' for nothing of use."""
        text = self.fields.text(name, record)
        if name == "domain":
            return _meant(self.domains, text) or text
        if name != "stratum" or text in STRATA:
            return text
        return _meant(self.levels, text)

    def _completion(self, record: Record, conversation: Conversation) -> str:
        """The trace; one that the pattern does not match stays as it is, for the filters to judge."""
        text = self.fields.text("completion", record) if self.fields.completion else conversation.completion.strip()
        match = re.search(self.completion_pattern, text) if self.completion_pattern else None
        return match[0].strip() if match else text

    def _stripped(self, question: str) -> tuple[str, list[str]]:
        """The question without the instructions of `strip`, and what was removed."""
        notes = []
        for instruction in self.strip:
            bare = question.removesuffix(instruction).removeprefix(instruction).strip()
            if bare != question:
                notes.append(f"instruction removed: {instruction}")
            question = bare
        return question, notes

    def _options(self, question: str, record: Record) -> list[str]:
        if self.fields.options == "$question":
            return options_in(question)
        return as_options(evaluate(self.fields.options, record)) if self.fields.options else []

    def _gold(self, record: Record, options: list[str], question: str) -> ReadGold:
        if not self.fields.answer:
            return NO_GOLD
        try:
            return self.gold.read(content_text(self.fields.required("answer", record)), options, question)
        except BadRowError as error:
            if error.reason == "answer_missing" and not self.gold.required:
                return NO_GOLD
            raise

    def _source_id(self, record: Record | BadRecord, several: bool) -> str:
        if isinstance(record, Record) and self.fields.id and (text := self.fields.text("id", record)):
            return text
        number = record.key if isinstance(record, Record) and record.key else str(record.number)
        return f"{record.file}:{number}" if several else number


def _meant(patterns: Mapping[Any, str], text: str) -> str:
    """The first name whose pattern is all of the text, or ''."""
    return next((name for name, pattern in patterns.items() if re.fullmatch(pattern, text)), "")


def _several(patterns: tuple[str, ...]) -> bool:
    """Whether the file's name belongs into a row's id."""
    files = find_files(patterns)
    return len(files) > 1 or is_archive(files[0][1])


def _encode(row: Row) -> None:
    """Make sure that UTF-8, and so Parquet, can hold every text of a row: JSON may hold a lone surrogate (`\\ud800`)."""
    notes = [note for _, note in row.provenance]
    for text in [row.question, *notes, *[getattr(row, column) for column in row.__slots__]]:
        if isinstance(text, str):
            text.encode()
