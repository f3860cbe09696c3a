"""`ovr-curate score`: judge a file of answers, one JSON object a line, through the exact functions the trainer calls."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from curation.core.errors import CurationError
from curation.core.parquet import write_text
from curation.core.words import counted
from rewards.score import score


def score_file(pairs: Path, out: Path | None, kind: str | None) -> None:
    """Write {outcome, reward, extracted, gold_read, tier, ms} for every line of `pairs`, in its order; a count of outcomes on stderr.

    Raises:
        CurationError: no such file; a line that is not what was expected, by its number.
    """
    results = list(tqdm(_scored(pairs, kind), desc="score", unit=" pairs", disable=None))
    lines = "".join(json.dumps(result, ensure_ascii=False) + "\n" for result in results)
    if out:
        write_text(out, lines)
    else:
        sys.stdout.write(lines)
    outcomes = [result["outcome"] for result in results]
    counts = ", ".join(f"{outcome} {outcomes.count(outcome)}" for outcome in sorted(set(outcomes)))
    print(f"{counted(len(results), 'pair')}: {counts}", file=sys.stderr)


def _scored(pairs: Path, kind: str | None) -> Iterator[dict[str, Any]]:
    try:
        lines = pairs.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise CurationError(f"{pairs}: {error.strerror}, expected a file of JSON lines") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            pair = json.loads(line)
            if not isinstance(pair, dict):
                raise ValueError(f"got {type(pair).__name__}, expected an object with gold and response or answer")
            yield score(pair, kind)
        except ValueError as error:
            raise CurationError(f"{pairs}:{number}: {error}") from error
