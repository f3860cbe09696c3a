"""A judge for `ovr-curate behaviors`: a sample of every model's responses, asked about as a build asks."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from tqdm import tqdm

from curation.build.mistakes import mistakes_in
from curation.cold_start.behaviors.judged import counts_of, judge_questions
from curation.cold_start.behaviors.prompt import PROMPT, count_of
from curation.commands.behaviors.responses import Response
from curation.core.errors import CurationError
from curation.core.schema import BEHAVIORS
from curation.judging.judge import Judge, ask

Counts = Mapping[str, int | None]


def judge_of(given: str) -> Judge:
    """The judge of `--judge`: a YAML file or a YAML mapping with the options of `cold_start.behaviors.judge`, or the name of a model, which
    vLLM runs here.

    Raises:
        CurationError: what was got, what was expected.
    """
    try:
        if given.endswith((".yaml", ".yml")):
            raw = yaml.safe_load(Path(given).read_text(encoding="utf-8"))
        else:
            raw = yaml.safe_load(given) if given.lstrip().startswith("{") else {"kind": "vllm", "model": given}
    except (OSError, yaml.YAMLError) as error:
        raise CurationError(f"--judge {given}: {' '.join(str(error).split())}") from error
    if isinstance(raw, dict) and "kind" in raw:
        raw = {"engine": raw}
    try:
        return Judge.model_validate(raw)
    except ValidationError as error:
        raise CurationError(f"--judge {given}: {mistakes_in(raw, Judge, error)[0]}") from error


class Sample:
    """At most `n` responses of every model with a text: those with the smallest hashes, whatever the order they came in."""

    def __init__(self, n: int) -> None:
        self.n = n
        self._kept: dict[str, list[tuple[int, int, Response, Counts]]] = {}
        self._seen = 0

    def offer(self, response: Response, cues: Counts) -> None:
        self._seen += 1
        digest = blake2b(f"{response.prompt}\0{response.text}".encode(errors="replace"), digest_size=8).digest()
        kept, entry = self._kept.setdefault(response.model, []), (-int.from_bytes(digest), -self._seen, response, cues)
        if len(kept) < self.n:
            heapq.heappush(kept, entry)
        else:
            heapq.heappushpop(kept, entry)

    def __iter__(self) -> Iterator[tuple[Response, Counts]]:
        """Model by model, each in the order in which they came."""
        for kept in self._kept.values():
            for _, _, response, cues in sorted(kept, key=lambda entry: -entry[1]):
                yield response, cues


def judge_all(
    sample: Iterable[tuple[Response, Counts]], judge: Judge, store: Path
) -> tuple[list[tuple[Response, Counts]], list[tuple[Counts, Counts]], dict[str, int]]:
    """The responses with the judge's counts; the pairs of cues' and judge's counts; how many answers had a count, and how others failed.

    Raises:
        SamplingError: the judge cannot start or failed; what was answered before is in the store.
    """
    given = list(sample)
    records: Iterator[dict[str, Any]] = iter(
        {"id": one.prompt, "question": one.question, "response": one.text} for one, _ in given
    )
    questions = judge_questions(records, BEHAVIORS)
    judged: list[tuple[Response, Counts]] = []
    pairs: list[tuple[Counts, Counts]] = []
    outcomes = Counter[str]()
    replies = ask(questions, judge, prompt=PROMPT, parse=count_of, store_dir=store, seed=0)
    with closing(replies):  # type: ignore[type-var]  # a generator, so that it can be closed
        for response, cues in tqdm(given, desc="judge", unit=" responses", disable=None):
            counts = counts_of(replies, BEHAVIORS, outcomes)
            judged.append((response, counts))
            pairs.append((cues, counts))
    return judged, pairs, dict(sorted(outcomes.items()))
