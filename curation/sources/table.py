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
`formats.json_layout` (shapes), `formats.csv_file`, `formats.nested` (`explode` and `join`).
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from curation.core.digests import is_whole_disk, sha256_of
from curation.core.errors import BadRowError, SourceError
from curation.core.plugins import Pattern
from curation.core.row import STRATA, Row, Stratum, format_of, make_row
from curation.images import ImageError, explain
from curation.sources.base import BadRow, Source
from curation.sources.formats.answers import accepts_any, answers_in
from curation.sources.formats.archive import is_archive
from curation.sources.formats.choices import lists_several, options_of
from curation.sources.formats.conversation import Conversation, content_text, filled
from curation.sources.formats.csv_file import CsvOptions
from curation.sources.formats.cut import PartSize
from curation.sources.formats.expression import MISSING, evaluate, fields_in, lookup
from curation.sources.formats.fields import PER_RECORD, Fields
from curation.sources.formats.file_part import FilePart
from curation.sources.formats.files import Format, find_files
from curation.sources.formats.folder import root_digest
from curation.sources.formats.gold import NO_GOLD, GoldOptions, ReadGold
from curation.sources.formats.hub import describe, read_hub, resolve_revision
from curation.sources.formats.images import Images
from curation.sources.formats.json_layout import Shape
from curation.sources.formats.nested import Join, exploded, index_of, joined_with
from curation.sources.formats.plan_parts import plan_parts
from curation.sources.formats.reader import Reading, iter_records
from curation.sources.formats.record import BadRecord, Record
from curation.sources.formats.remedies import REMEDIES
from curation.sources.formats.seen import FieldsSeen
from curation.text.options import list_options, options_in
from curation.text.places import mark_named, mark_options, told_places
from rewards.stored import Stored

_PEEKED = 50
"""Records that are looked at before reading."""


class Table(Source):
    """One data set as a table of records."""

    kind: Literal["table"] = "table"
    renamed: ClassVar[dict[str, str]] = {"beside": "join", "each": "explode"}
    digested: ClassVar[frozenset[str]] = frozenset({"path", "hub", "images", "join"})
    remedies: ClassVar[dict[str, str]] = REMEDIES

    path: str | tuple[str, ...] = ()
    """Files, as globs (`**` too), read one after the other; gzip, bz2, xz, zstd and UTF-16 are undone. A folder means all data files
    below it, a zip or tar archive its data files; `set.zip!/train/*.json` names members."""
    hub: str = ""
    """Name of a Hub data set, instead of `path`."""
    config: str | None = None
    """Configuration of the Hub data set; null: its only or default one."""
    split: str = ""
    """Split of the Hub data set (`train` when empty), or of a JSON file whose keys are splits; `train+test` takes both."""
    revision: str | None = None
    """Commit, tag or branch of the Hub data set; the manifest lock records the commit."""
    format: Format | Literal["auto"] = "auto"
    """The format of the files; `auto` recognises it by their content."""
    shape: Shape = "auto"
    """How a JSON file holds its records. `array`: [{...}, ...]; `by_key`: {"id1": {...}, ...}; `groups`: {"Math": [{...}, ...], ...};
    `columns`: {"question": [...], ...}; `one`: the file, or the line of JSON Lines, is one record; `auto` recognises them, and a wrapper
    around them."""
    records: str = ""
    """Dotted path of the records inside a JSON file, where they are not at its top level."""
    encoding: str = ""
    """Of CSV, JSON and JSON Lines without a byte order mark that are not UTF-8: cp1252, gbk, utf-16-le, ..."""
    csv: CsvOptions = CsvOptions()
    """How a CSV file is written, where that is not found by itself."""
    explode: str | tuple[str, ...] = ""
    """Path of a list (or dict) inside the record: one row per item, which fields then name as `each.*`. `paragraphs.*.qas` goes through
    a list, `[questions, answers]` takes lists of one length together (each.questions, each.answers)."""
    join: dict[str, str | Join] = Field(default_factory=dict)
    """Name -> a JSON file in the record's folder, or {path, on, key}: the record of another file by its id. Fields name it as `name.*`."""
    on_bad_row: Literal["error", "drop"] = "drop"
    """A line or record that cannot be read: end the build, or drop it, counted under its reason."""
    on_truncated: Literal["error", "keep"] = "error"
    """A file that is cut short: refuse it, or keep its complete records and count one `truncated_file`."""
    fields: Fields
    """Column -> expression: `question`, a field; `prompt.0.content`, a path, whose numbers index lists; `{hint}\\n{question}`, a template;
    `$key`, `$line`, `$file`, `$stem`, the record's key or number, its file's name; `=DeepSeek-R1`, a constant. Others stay empty."""
    images: Images = Images()
    """How the values that `fields.images` names become images."""
    shuffle_options: bool = False
    """Put the options in an order that their texts and the question decide: for records that list the right one first."""
    gold: GoldOptions = GoldOptions()
    """How the value that `fields.answer` names becomes the gold."""
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

    @field_validator("encoding")
    @classmethod
    def _is_an_encoding(cls, encoding: str) -> str:
        try:
            known = codecs.lookup(encoding)._is_text_encoding if encoding else True
        except LookupError:
            known = False
        if not known:
            raise ValueError(f"got {encoding!r}, expected the name of an encoding: utf-8, cp1252, gbk, utf-16-le, ...")
        return encoding

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,) if isinstance(self.path, str) else self.path

    @property
    def _exploded(self) -> tuple[str, ...]:
        paths = (self.explode,) if isinstance(self.explode, str) else self.explode
        return tuple(filter(None, paths))

    @cached_property
    def commit(self) -> str:
        """The commit of the Hub data set, asked for once: the workers read what the lock records."""
        return resolve_revision(self.hub, self.revision)

    def read(self, seed: int) -> Iterator[Row | BadRow]:
        """Rows in file order; `limit` counts the bad ones too.

        Raises:
            SourceError: as the base says, or no record has a field that an option names. Where `limit` left some unread, those are looked
                at for it.
        """
        several = not self.hub and _several(self.paths)
        seen, records, spoiled = FieldsSeen(self._named()), self._records(), ""
        read = 0
        for record in islice(records, self.limit):
            if isinstance(record, Record):
                seen.look(record)
                read += 1
            else:
                spoiled = spoiled or f"{record.reason}: {record.detail}"
            yield self._row(record, several)
        if seen.unseen and read and (missing := seen.missing(whole=self._look_on(seen, records))):
            raise SourceError(f"source {self.name!r}: {missing}")
        if spoiled and not read:
            raise SourceError(f"source {self.name!r} gives no row; {spoiled}")

    def parts(self, size: PartSize) -> list[Any]:
        """Pieces of large files, or several files together; one part where rows are counted, joined, or come from the Hub, and where the
        first records have not all the fields that are named: whether any has them is seen in all records alone.
        """
        if self.hub or self.join or self.limit:
            return [None]
        with suppress(SourceError):
            parts = plan_parts(self.paths, self._reading(), size)
            if len(parts) > 1 and self._has_all_fields():
                return parts
        return [None]

    def read_part(self, seed: int, part: Any) -> Iterator[Row | BadRow]:
        """As the base says; a part of None is the whole."""
        if part is None:
            yield from self.read(seed)
            return
        several = _several(self.paths)
        for record in self._records(part):
            yield self._row(record, several)

    def _has_all_fields(self) -> bool:
        """Whether the first records have the fields that options name."""
        seen = FieldsSeen(self._named())
        for record in islice(self._records(), _LOOK_FOR_FIELDS):
            if isinstance(record, Record):
                seen.look(record)
                if not seen.unseen:
                    return True
        return False

    def beside(
        self, records: Iterable[Record | BadRecord] | None = None
    ) -> Iterator[tuple[Record | BadRecord, Row | BadRow]]:
        """Every record, those of the source by default, with the row that it becomes or why it does not."""
        several = not self.hub and _several(self.paths)
        for record in self._records() if records is None else self._prepared(records):
            yield record, self._row(record, several)

    def _look_on(self, seen: FieldsSeen, records: Iterator[Record | BadRecord]) -> bool:
        """Look for fields in the records behind `limit`; whether there are no more."""
        with suppress(SourceError):  # what is wrong there is for a read without the limit
            for number, record in enumerate(records):
                if not seen.unseen or number == (_LOOK_AHEAD_ON_HUB if self.hub else _LOOK_AHEAD):
                    return False
                if isinstance(record, Record):
                    seen.look(record)
        return True

    def inputs(self) -> dict[str, str]:
        """SHA-256 of every file, a digest of the images' folder, or the commit of the Hub data set."""
        digests = super().inputs()
        joined = [join for join in self.join.values() if isinstance(join, Join)]
        for join in joined:
            digests |= {f"{file} joined": sha256_of(path) for file, path, _ in find_files((join.path,))}
        if self.hub:
            return digests | {describe(self.hub, self.config, self.split or "train"): self.commit}
        files = find_files(self.paths)
        digests |= {name: sha256_of(path) for name, path, _ in files}
        for name in self.join.values():
            if isinstance(name, Join):
                continue
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

    def _records(self, part: FilePart | None = None) -> Iterator[Record | BadRecord]:
        return self._prepared(self._stored(part))

    def _stored(self, part: FilePart | None) -> Iterator[Record | BadRecord]:
        """The records as they are in the files, or a part of them, or on the Hub."""
        if self.hub:
            name, split = describe(self.hub, self.config, self.split or "train"), self.split or "train"
            items = read_hub(self.hub, self.config, split, self.commit)
            return (Record(name, None, *item) for item in items)
        return iter_records(self.paths, self._reading(), part)

    def _prepared(self, records: Iterable[Record | BadRecord]) -> Iterator[Record | BadRecord]:
        """Records with what is joined to them, one for every item of those that hold several rows."""
        indexes = {name: index_of(join) for name, join in self.join.items() if isinstance(join, Join)}
        late = {name: join for name, join in self.join.items() if isinstance(join, Join) and _is_of_each(join.on)}
        early = {name: join for name, join in self.join.items() if name not in late}
        for index in indexes.values():
            yield from index.bad
        for record in records:
            joined = joined_with(record, early, indexes) if early and isinstance(record, Record) else record
            for item in exploded(joined, self._exploded) if self.explode and isinstance(joined, Record) else (joined,):
                yield joined_with(item, late, indexes) if late and isinstance(item, Record) else item

    def _reading(self) -> Reading:
        """How files are read. A record is known by the list that it is exploded by, else by what the question is made of."""
        tells = [path.split(".*")[0] for path in self._exploded], fields_in(self.fields.question)
        beside = {*self.join, "each"}
        own = next(
            filter(None, ([name for name in names if name.partition(".")[0] not in beside] for names in tells)), []
        )

        def has(value: Any) -> bool:
            return not own or any(lookup(value, name) is not MISSING for name in own)

        return Reading(
            format=self.format,
            shape=self.shape,
            records=self.records,
            split=self.split,
            encoding=self.encoding,
            csv=self.csv,
            keep_truncated=self.on_truncated == "keep",
            drop_bad_rows=self.on_bad_row == "drop",
            has=has,
        )

    def _named(self) -> Iterator[tuple[str, str]]:
        """(option, expression) of all that names fields of a record."""
        for name, value in self.fields:
            for expression in (value,) if isinstance(value, str) else value or ():
                yield f"fields.{name}", expression
        for name, join in self.join.items():
            if isinstance(join, Join):
                yield f"join.{name}.on", join.on

    def _row(self, record: Record | BadRecord, several: bool) -> Row | BadRow:
        """The row that a record becomes, or why it does not."""
        source_id = self._place(record, several)
        if isinstance(record, BadRecord):
            return self._bad(source_id, record.reason, record.detail)
        try:
            source_id = (self.fields.text("id", record) if self.fields.id else "") or source_id
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
        stored = options_of(fields, question, record)
        if self.shuffle_options:
            stored = Stored(sorted(stored.texts, key=lambda text: _digest(question, text)), [])
        question, texts = mark_options(question, [mark_named(option, names) for option in stored.texts], names)
        if self.images.loose_places:
            question, *texts = told_places([question, *texts], len(values))
        options = Stored(texts, stored.labels)
        gold = self._gold(record, options, question)
        if gold.note:
            notes.append(gold.note)
        if gold.kind in ("choice", "choices") and len(options_in(question)) < len(options.texts):
            question = list_options(question, options.texts)
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

    def _gold(self, record: Record, options: Stored, question: str) -> ReadGold:
        fields = self.fields
        if not fields.answer:
            return NO_GOLD
        aliases = evaluate(fields.aliases, record) if fields.aliases else None
        is_any = accepts_any(fields.answer)
        try:
            raw = content_text(fields.required("answer", record))
            gold = self.gold.read(raw, options.texts, question, labels=options.labels, is_any=is_any, aliases=aliases)
            is_list = gold.kind == "choices" or (gold.kind == "choice" and len(answers_in(raw)[0]) > 1)
            if is_list and lists_several(question):
                raise BadRowError(
                    "several_questions", f"options are listed more than once; the golds are {raw!r}"[:300]
                )
            return gold
        except BadRowError as error:
            if error.reason == "answer_missing" and not self.gold.required:
                return NO_GOLD
            raise

    def _place(self, record: Record | BadRecord, several: bool) -> str:
        """The id of a record that states none."""
        number = record.key if isinstance(record, Record) and record.key else str(record.number)
        return f"{record.file}:{number}" if several else number


_LOOK_AHEAD, _LOOK_AHEAD_ON_HUB = 50_000, 2_000
"""Records behind `limit` in which a field is looked for."""
_LOOK_FOR_FIELDS = 20_000
"""Records in which a field is looked for before a source is read in parts."""


def _meant(patterns: Mapping[Any, str], text: str) -> str:
    """The first name whose pattern is all of the text, or ''."""
    return next((name for name, pattern in patterns.items() if re.fullmatch(pattern, text)), "")


def _digest(question: str, option: str) -> bytes:
    """What the order of shuffled options goes by."""
    return blake2b(f"{question}\0{option}".encode(errors="backslashreplace"), digest_size=16).digest()


def _several(patterns: tuple[str, ...]) -> bool:
    """Whether the file's name belongs into a row's id."""
    files = find_files(patterns)
    return len(files) > 1 or is_archive(files[0][1])


def _encode(row: Row) -> None:
    """Make sure that UTF-8, and so Parquet, can hold every text of a row: JSON may hold a lone surrogate (`\\ud800`)."""
    notes = [note for _, note in row.provenance]
    for text in [row.question, *notes, *[getattr(row, column) for column in row.__slots__]]:
        if isinstance(text, str) and not text.isascii():
            text.encode()


def _is_of_each(expression: str) -> bool:
    """Whether what it names is known once a record is exploded."""
    return any(path == "each" or path.startswith("each.") for path in fields_in(expression))
