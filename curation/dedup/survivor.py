"""Which copy of a question stays. Every criterion is a number, the smaller the better; the first that differs decides.

license           permissive, attribution, share-alike, non-commercial or copyleft, unknown
verified          the trace was judged correct; could not be judged; is wrong
gold              there is a gold answer
pictures          the images have more pixels
longest_solution  the trace is longer
source_order      the source comes earlier in the manifest (also what decides at last)
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from curation.images import inspect

_LICENSES = (
    (3, r"\bnc\b|\bnd\b|non.?commercial|research only|gpl|no.?deriv"),
    (2, r"\bsa\b|share.?alike|odbl|sharing"),
    (1, r"cc.?by|odc.?by|attribution"),
    (0, r"\bmit\b|apache|bsd|isc\b|cc0|unlicense|public.?domain|zlib|cdla.permissive|\bpddl\b"),
)
UNKNOWN_LICENSE = 4


def license_rank(name: str) -> int:
    """0 permissive, 1 attribution, 2 share-alike, 3 non-commercial or copyleft, 4 unknown.

    >>> [license_rank(name) for name in ("MIT", "CC-BY-4.0", "CC BY-SA 4.0", "CC-BY-NC-SA-4.0", "GPL-3.0", "unknown")]
    [0, 1, 2, 3, 3, 4]
    """
    return next((rank for rank, pattern in _LICENSES if re.search(pattern, name.lower())), UNKNOWN_LICENSE)


VERDICTS = {"correct": 0, "correct_without_box": 1, "wrong": 3}
"""Verdict on a trace -> its rank; what nothing judged is 2."""
CRITERIA: Mapping[str, tuple[tuple[str, ...], Callable[[Mapping[str, Any]], int]]] = {
    "license": (("license",), lambda record: license_rank(record["license"])),
    "verified": (("verified",), lambda record: VERDICTS.get(record["verified"], 2)),
    "gold": (("answer",), lambda record: int(not record["answer"].strip())),
    "pictures": (
        ("images",),
        lambda record: -sum(image.width * image.height for image in map(inspect, record["images"])),
    ),
    "longest_solution": (("completion",), lambda record: -len(record["completion"])),
    "source_order": ((), lambda record: record["row"]),
}
"""Criterion -> the columns it reads, and its number for a record; `row` is the row's number."""
