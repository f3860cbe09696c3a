"""What a sampling engine is: typed options, `identity()` and `open()`, which gives a session that answers requests.

    with engine.open() as session:
        for part in session.generate(requests, SamplingOptions(max_tokens=1024)):
            ...                                       # a `Response` with samples that are finished, as they are finished

An engine is a plugin: one file with one class, chosen in a manifest by `kind` (see `curation.core.plugins`). A request
asks for samples by number, each with a seed of its own (`sample_seed`), so sample 3 of a prompt is the same draw
whether 4 or 16 are asked for, and whatever else is in the batch.

A prompt that the engine will never take is `refused`; one that it could not answer now (an unreachable server, a
crash that no prompt is to blame for) is `failed` and may be sent again. The caller keeps every sample when it comes
and then looks at `unanswered(gathered(requests, parts))`.
"""

import hashlib
import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple, Protocol

from pydantic import Field

from curation.core.digests import path_digests
from curation.core.plugins import ByKind, Options, Plugin
from curation.core.row import PLACE, Message
from curation.sampling.identity import model_identity

FinishReason = Literal["stop", "length"]


class SamplingOptions(Options):
    """How tokens are sampled. The defaults are the paper's (temperature 1.0, top-p 1.0: appendix B)."""

    temperature: float = Field(default=1.0, ge=0)
    """0 is greedy: every sample of a prompt is then the same."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Sample from the likeliest tokens that have this probability together; 1: from all."""
    max_tokens: int = Field(default=8192, ge=1)
    """Longest response. Raising it later resamples only the responses that were cut off."""


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt and the numbers of the samples wanted. `seed` is the run's; `images` are encoded bytes."""

    key: str
    messages: tuple[Message, ...]
    images: tuple[bytes, ...]
    sample_numbers: tuple[int, ...]
    seed: int

    @property
    def places_images(self) -> bool:
        """Whether the messages mark the place of every image."""
        return bool(self.images) and sum(m.content.count(PLACE) for m in self.messages) == len(self.images)


@dataclass(frozen=True, slots=True)
class Sample:
    """One response. `n_tokens` counts the end token where there is one; `length` means cut off by `max_tokens` or by the end
    of the model's context.
    """

    number: int
    text: str
    finish_reason: FinishReason
    n_tokens: int
    seed: int


@dataclass(frozen=True, slots=True)
class Response:
    """Samples of one request that are finished: some of them while a session generates, all of them when it has (see
    `gathered`), unless it says why not.

    `refused`: the engine cannot take this prompt (too long for the model, an image it cannot process, a prompt that
    kills it); there are no samples. `failed`: the engine or the way to it failed; `samples` holds what did arrive,
    the others count for nothing and may be asked for again.
    """

    key: str
    samples: tuple[Sample, ...]
    prompt_tokens: int
    refused: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Underway:
    """A sign of life: so many tokens have been sampled of responses that are not finished yet."""

    tokens: int


class Session(Protocol):
    """A loaded model."""

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterable[Response | Underway]:
        """Answer `requests`, whose keys differ: a `Response` for samples that are finished, as soon as they are, in any
        order; several of one request are parts of its answer. `Underway` may come between, about once a second.

        Raises:
            SamplingError: the engine failed; what came before it is valid.
        """


class Hardware(NamedTuple):
    """What an engine keeps busy while it samples: so many GPUs, cores or servers."""

    kind: Literal["GPU", "CPU", "server"]
    number: int


class Engine(Plugin):
    """A model and how to run it."""

    model: str
    """A folder in the transformers format, or a name on the Hub."""
    revision: str | None = None
    """A commit, branch or tag on the Hub; a folder's revision is computed from its files."""
    max_model_len: int | None = Field(default=None, ge=1)
    """Longest prompt and response together, tokens; the model's own limit when null."""

    @abstractmethod
    def open(self) -> AbstractContextManager[Session]:
        """Load the model; leaving the context frees it.

        Raises:
            SamplingError: a library is missing or the model cannot be loaded.
        """

    @property
    def gpus(self) -> int:
        """How many GPUs it holds where it runs on GPUs, by its options."""
        return 1

    def hardware(self) -> Hardware:
        """What it would run on, for the cost; by default a server elsewhere. Loads no model."""
        return Hardware("server", 1)

    def identity(self) -> tuple[str, str]:
        """(model, revision), the same on every machine for the same weights. Loads no model.

        Files that options name are part of the revision; folders are not, since an engine may write to one.

        Raises:
            SamplingError: the folder is no model, or the revision cannot be found out.
        """
        model, revision = model_identity(self.model, self.revision)
        if files := path_digests(dict(self), folders=False):
            revision += f"+{hashlib.blake2b(json.dumps(files).encode(), digest_size=4).hexdigest()}"
        return model, revision


AnyEngine = Annotated[Engine, ByKind(Engine)]
"""The type of an option that holds one engine."""


def gathered(requests: Sequence[Request], parts: Iterable[Response | Underway]) -> list[Response]:
    """The parts of every request as one response, its samples by number, in the order of the requests.

    A refused request has no samples, whatever came of it before: so it does not matter at which one the engine gave up.
    """
    samples: dict[str, dict[int, Sample]] = {request.key: {} for request in requests}
    tokens, refused, failed = dict.fromkeys(samples, 0), dict.fromkeys(samples, ""), dict.fromkeys(samples, "")
    for part in parts:
        if isinstance(part, Underway):
            continue
        samples[part.key] |= {sample.number: sample for sample in part.samples}
        tokens[part.key] = max(tokens[part.key], part.prompt_tokens)
        refused[part.key] = refused[part.key] or part.refused
        failed[part.key] = failed[part.key] or part.failed
    return [
        Response(
            key,
            () if refused[key] else tuple(sample for _, sample in sorted(samples[key].items())),
            tokens[key],
            refused[key],
            "" if refused[key] else failed[key],
        )
        for key in samples
    ]


def unanswered(responses: Sequence[Response]) -> str:
    """One line on the requests that failed, empty where none did. Look at it when their samples are stored."""
    failed = [response for response in responses if response.failed]
    if not failed:
        return ""
    reasons = Counter(response.failed for response in failed)
    reason, _ = reasons.most_common(1)[0]
    others = f" (and {len(reasons) - 1} other reasons)" if len(reasons) > 1 else ""
    return f"{len(failed)} of {len(responses)} prompts stay unanswered, {failed[0].key!r} first: {reason}{others}"


def sample_seed(seed: int, key: str, number: int) -> int:
    """The seed of one sample: the run's seed and the request's key choose a starting point below 2**62, `number` is
    added.

    Consecutive numbers have consecutive seeds because that is what vLLM gives the n samples of one request.
    """
    digest = hashlib.blake2b(f"{seed}|{key}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 2) + number


def consecutive(numbers: Iterable[int], longest: int | None = None) -> list[tuple[int, ...]]:
    """`numbers` cut into runs of consecutive ones: what one request to vLLM can hold.

    >>> consecutive((0, 1, 3)), consecutive((0, 1), longest=1)
    ([(0, 1), (3,)], [(0,), (1,)])
    """
    runs: list[tuple[int, ...]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1 and len(runs[-1]) != longest:
            runs[-1] += (number,)
        else:
            runs.append((number,))
    return runs
