"""The rows that fell to a cut, in a file of their own: the scores, the group and its cut, how the texts begin, and the neighbours, the rows
of the group that are nearest to the cut and stayed. Who reads some sees whether a cut is in the right place.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from curation.cold_start.loss.cuts import Found, GroupCut
from curation.cold_start.loss.options import Score
from curation.cold_start.loss.score_rows import Measured
from curation.core.row import Message, question_of
from curation.core.rows import Rows

QUARANTINE_FILE: Final = "loss_quarantine.parquet"
NEIGHBOURS: Final = 3
EXCERPT: Final = 400
"""Characters of the question and of the response."""
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "source", "source_id", "reason", "score")),
        ("value", pa.float32()),
        ("cut", pa.float32()),
        *((name, pa.string()) for name in ("domain", "group_domain", "group_band")),
        *((name, pa.float32()) for name in ("loss", "pairing_gain", "early_loss", "prompt_loss", "rsr")),
        ("n_tokens", pa.int32()),
        ("question", pa.string()),
        ("response", pa.string()),
        ("neighbours", pa.list_(pa.struct([("id", pa.string()), ("value", pa.float32())]))),
    ]
)
"""`score` is the first that cuts the row, `value` and `cut` are of it."""


def reason_of(score: Score, side: int) -> str:
    return f"{score}_{'above' if side > 0 else 'below'}_cut"


def first_cut(found: Found, row: int) -> tuple[Score, int, GroupCut] | None:
    """The score that cuts a row, the side on which it is, and the group; None where none does."""
    for score, beyond in found.beyond.items():
        if beyond[row]:
            return score, int(beyond[row]), found.groups[found.group[score][row]]
    return None


def limit_of(group: GroupCut, side: int) -> float:
    limit = group.high if side > 0 else group.low
    assert limit is not None
    return limit


def quarantine(rows: Rows, measured: Measured, found: Found, dropped: Sequence[int]) -> Iterator[dict[str, Any]]:
    """A record for every row of `dropped`, in their order."""
    near = _neighbours(measured, found)
    wanted = np.unique(np.array([i for places in near.values() for i in places], np.int64))
    ids = {i: record["id"] for i, record in rows.at(wanted, ["id"])}
    for row, record in rows.at(
        np.array(dropped, np.int64), ["id", "source", "source_id", "domain", "prompt", "completion"]
    ):
        cut = first_cut(found, row)
        assert cut is not None
        score, side, group = cut
        values = measured.scores[score]
        beside = near[score, int(found.group[score][row]), side]
        yield {
            **{name: record[name] for name in ("id", "source", "source_id", "domain")},
            "reason": reason_of(score, side), "score": score, "value": values[row], "cut": limit_of(group, side),
            "group_domain": group.domain, "group_band": group.band,
            **{name: _known(found[row]) for name, found in measured.scores.items()},
            "n_tokens": int(measured.n_tokens[row]),
            "question": question_of(Message(**message) for message in record["prompt"])[:EXCERPT],
            "response": record["completion"][:EXCERPT],
            "neighbours": [{"id": ids[i], "value": values[i]} for i in beside],
        }  # fmt: skip


def _neighbours(measured: Measured, found: Found) -> dict[tuple[Score, int, int], list[int]]:
    """(score, group, side) -> the rows that stayed and are nearest to the cut, the nearest first."""
    near: dict[tuple[Score, int, int], list[int]] = {}
    stayed = np.ones(len(measured.n_tokens), bool)
    for beyond in found.beyond.values():
        stayed &= beyond == 0
    for number, group in enumerate(found.groups):
        values = measured.scores[group.score]
        inside = np.flatnonzero((found.group[group.score] == number) & stayed)
        order = inside[np.argsort(values[inside], kind="stable")]
        near[group.score, number, 1] = order[::-1][:NEIGHBOURS].tolist()
        near[group.score, number, -1] = order[:NEIGHBOURS].tolist()
    return near


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
