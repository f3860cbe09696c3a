"""What rows the records give with the options that were guessed, and what of them looks wrong."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from curation.core.errors import CurationError
from curation.core.row import BadRow, Row
from curation.core.words import counted
from curation.filters.stage import VerifyGolds
from curation.init.file_kinds import spread
from curation.init.look import read_with
from curation.sources.formats.record import BadRecord, Record

N_CHECKED = 200
"""Records that the guess is checked on."""
_LETTER = re.compile(r"\s*\(?[A-Ja-e]\)?\.?\s*")


@dataclass(frozen=True)
class Check:
    """What rows the records give."""

    n: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)
    details: dict[str, str] = field(default_factory=dict)
    """Reason -> the detail of its first row."""
    rows: tuple[Row, ...] = ()
    files: tuple[str, ...] = ()
    """The file of every row."""
    lost: Mapping[str, tuple[int, int, str]] = field(default_factory=dict)
    """File -> (bad rows, rows, the reason of the first bad one) of files that lose half of their rows or more."""

    @property
    def good(self) -> float:
        """Share of the records that are read."""
        return self.kinds.total() / max(self.n, 1)

    @property
    def misread(self) -> float:
        """Share of the records that are bad for another reason than a gold that is none, or that no rule can judge."""
        return (self.bad.total() - self.bad["answer_missing"] - self.bad["gold_unreadable"]) / max(self.n, 1)

    @property
    def letters(self) -> float:
        """Share of golds that are a letter of options that are not there."""
        alone = [row for row in self.rows if not row.answer_kind.startswith("choice") and _LETTER.fullmatch(row.answer)]
        return (len(alone) + self.bad["letter_without_options"]) / max(self.n, 1)


def check_of(options: dict[str, Any], records: list[Record] | None, n: int = N_CHECKED) -> Check:
    """The rows that records give with these options."""
    return _checked(read_with(options, records, n))


def check_files(options: dict[str, Any], files: Sequence[str], n: int = N_CHECKED) -> Check:
    """The rows that the first records of each of several files give, read as a build reads them."""
    each = max(-(-n // len(files)), 2)
    return _checked(pair for file in files for pair in read_with({**options, "path": file}, None, each))


def _checked(pairs: Iterator[tuple[Record | BadRecord, Row | BadRow]]) -> Check:
    kinds: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    details: dict[str, str] = {}
    rows: list[Row] = []
    files: list[str] = []
    by_file: dict[str, list[str]] = defaultdict(list)
    try:
        for record, row in pairs:
            by_file[record.file].append(f"{row.reason}: {row.detail[:100]}" if isinstance(row, BadRow) else "")
            if isinstance(row, BadRow):
                bad[row.reason] += 1
                details.setdefault(row.reason, row.detail)
            else:
                kinds[row.answer_kind if row.answer else "no gold"] += 1
                rows.append(row)
                files.append(f"{getattr(record, 'folder', '')}/{record.file}")
    except CurationError as error:
        bad["source_unreadable"] += 1
        details["source_unreadable"] = str(error)
    files_read = {file: ([one for one in reasons if one], len(reasons)) for file, reasons in by_file.items()}
    lost = {
        file: (len(wrong), n, wrong[0]) for file, (wrong, n) in files_read.items() if n > 1 and len(wrong) >= 0.5 * n
    }
    return Check(
        kinds.total() + bad.total(), kinds, bad, details, tuple(rows), tuple(files), lost if len(by_file) > 1 else {}
    )


def doubts_of(check: Check) -> Iterator[str]:
    """What of the rows that were read looks wrong, though they can be read."""
    for reason, n in check.bad.most_common(4):
        if n >= 0.05 * check.n:
            yield f"bad: {n} of {counted(check.n, 'row')}, {reason}: {check.details[reason][:160]}"
    for file, (n, of, reason) in [*check.lost.items()][:5] if check.good > 0.5 else ():
        yield f"{file}: bad: {n} of {counted(of, 'row')}, {reason}"
    golds = Counter(row.answer for row in check.rows if row.answer)
    if len(check.rows) >= 20 and golds and golds.most_common(1)[0][1] >= 0.9 * len(check.rows):
        yield f"{golds.most_common(1)[0][1]} of {len(check.rows)} golds are {golds.most_common(1)[0][0]!r}"
    wrong = [row for row in spread(check.rows, 100) if row.answer and VerifyGolds().map(row).action != "keep"]
    if wrong:
        yield f"{counted(len(wrong), 'gold')} not right by themselves, such as {wrong[0].answer[:60]!r} of {wrong[0].source_id}"


def faults_of(check: Check) -> Iterator[str]:
    """What of the rows that were read is wrong for sure."""
    if check.letters > 0.5:
        yield "golds are letters and no options are read: name them as fields.options"
    prompts = {row.prompt for row in check.rows}
    if len(check.rows) > 3 and len(prompts) == 1 and not any(row.images for row in check.rows):
        yield f"every question is the same: {check.rows[0].question[:80]!r}"
