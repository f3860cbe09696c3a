"""Prompts and completions as conversations: roles, nothing empty, images where the text places them, no columns mixed up."""

from collections.abc import Iterator

from curation.core.row import PLACE
from training.preflight.check import Problem, RowFaults
from training.preflight.rows import SampledRow
from training.preflight.subject import Subject

ROLES = ("system", "user", "assistant", "tool")
THOUGHT = "</think>"


class Messages:
    """Every row's messages, before any template sees them."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.faults = RowFaults("messages")
        self.images = RowFaults("images")
        self.n_rows = self.n_swapped = 0
        self.first_swapped: SampledRow | None = None

    def row(self, row: SampledRow) -> None:
        """Look at a row; one whose conversation is broken is kept from the processor."""
        self.n_rows += 1
        before = len(self.faults.found)
        self._conversation(row, "prompt", ("user", "tool"))
        if self.subject.is_sft:
            self._conversation(row, "completion", ("assistant",))
        row.is_whole = len(self.faults.found) == before and self._is_placed(row)
        if _is_swapped(row, self.subject.is_sft):
            self.n_swapped += 1
            self.first_swapped = self.first_swapped or row

    def problems(self) -> Iterator[Problem]:
        """The faults; mixed-up columns where most rows look so, for single rows may."""
        if self.first_swapped is not None and 2 * self.n_swapped > self.n_rows:
            row = self.first_swapped
            other, got = (
                ("completion", row.text("completion")) if self.subject.is_sft else ("answer", row.values["answer"])
            )
            yield Problem(
                "columns",
                str(self.subject.data),
                f"prompt and {other} look mixed up in {self.n_swapped:,} of {self.n_rows:,} rows read: {row.where} asks "
                f"{_short(row.text())} and has the {other} {_short(got)}",
            )
        yield from self.faults.problems(self.n_rows)
        yield from self.images.problems(self.n_rows)

    def _conversation(self, row: SampledRow, column: str, last_roles: tuple[str, ...]) -> None:
        messages = row.values.get(column)
        if not messages or any(message is None for message in messages):
            self.faults.add(row.where, f"the {column} has no messages", "expected one at least")
            return
        roles = [message.get("role") for message in messages]
        if unknown := [role for role in roles if role not in ROLES]:
            self.faults.add(row.where, f"an unknown role in the {column}", f"{unknown[0]!r}; known: {', '.join(ROLES)}")
        elif roles[-1] not in last_roles:
            expected = " or ".join(last_roles)
            self.faults.add(row.where, f"the {column} ends with another role", f"{roles[-1]!r}, expected {expected}")
        elif any(not (message.get("content") or "").strip() for message in messages):
            self.faults.add(row.where, f"a message of the {column} is empty", "expected text")

    def _is_placed(self, row: SampledRow) -> bool:
        n_places = row.text().count(PLACE)
        if n_places and not row.images:
            self.images.add(
                row.where, f"the prompt places images with {PLACE}, and the row has none", f"{n_places} places"
            )
        elif n_places and n_places != len(row.images):
            detail = f"{n_places} of {PLACE}, {len(row.images)} images"
            self.images.add(row.where, "the prompt places another number of images than the row has", detail)
        return not n_places or n_places == len(row.images)


def _is_swapped(row: SampledRow, is_sft: bool) -> bool:
    """An answer that is longer than its prompt, a prompt that has finished thinking: each alone may be so, most rows are not."""
    if is_sft:
        return THOUGHT in row.text() and THOUGHT not in row.text("completion")
    return len((row.values.get("answer") or "").strip()) > len(row.text().strip()) > 0


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 60 else line[:57] + "...")
