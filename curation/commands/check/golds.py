"""Every gold judges as correct against itself, by the reward that a trainer will call."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar, Literal

import rewards
from curation.commands.check.base import Finding, RowCheck, Said, Skipped
from curation.commands.check.subject import Frame
from curation.filters.golds import gold_failure

DEADLINE = ("timeout", "undecided")


class Golds(RowCheck):
    """Golds that the reward would not pay, are unreadable, or of a kind that there is not."""

    kind: Literal["golds"] = "golds"
    place: ClassVar[int] = 70
    of_controls: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ("answer", "answer_kind", "answer_options")

    def row(self, frame: Frame, record: dict[str, Any]) -> Iterator[Said]:
        if frame.config == "cold_start" and not record["answer"].strip():
            return
        failed = _failure(record["answer"], record["answer_kind"], record["answer_options"])
        if failed is None:
            return
        reason, detail = failed
        if reason in DEADLINE:
            yield Skipped("golds that the judge had not decided by its deadline", 1)
        else:
            todo = "correct it in the source, or drop the row; as it is no response can be right"
            yield Finding("", f"its gold is not correct by its own verifier ({reason}): {detail}", todo)


@lru_cache(maxsize=4096)
def _failure(gold: str, kind: str, options: str) -> tuple[str, str] | None:
    """Why a gold does not pass: a reason and a detail."""
    try:
        verifier = rewards.make_verifier(gold, kind, options)
    except ValueError as error:
        return "no_verifier", str(error)
    if not gold.strip():
        return ("no_gold", f"{kind} needs one") if verifier.kind.needs_gold else None
    return gold_failure(verifier)
