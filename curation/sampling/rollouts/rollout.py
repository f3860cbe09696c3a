"""A rollout: one sampled response, what it is a draw of, and its line in a Parquet segment."""

import hashlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from typing import Any

import pyarrow as pa

from curation.core.schema import SAMPLER
from curation.sampling.engines.base import Request, Sample
from curation.sampling.rollouts.layout import Layout

SCHEMA = pa.schema(
    [
        ("rollout", pa.string()),
        ("prompt", pa.string()),
        ("prompt_id", pa.string()),
        *SAMPLER,
        ("number", pa.int32()),
        ("seed", pa.int64()),
        ("text", pa.string()),
        ("finish_reason", pa.string()),
        ("n_tokens", pa.int32()),
        ("prompt_tokens", pa.int32()),
        ("seconds", pa.float64()),
    ],
    metadata={"ovr.rollouts_version": "2"},
)
SETTING = ("model", "revision", "template_hash", "temperature", "top_p")
KEY = ("prompt", *SETTING)
ORDER = ("rollout", "n_tokens", "finish_reason", "prompt_tokens", "seconds", "seed", "prompt_id")
LAYOUT = Layout(SCHEMA, KEY, (*KEY, "max_tokens", "number"), ORDER)


@dataclass(frozen=True, slots=True)
class Setting:
    """What samples are draws of, apart from the prompt. The length limit is no part of it: it only cuts a draw off."""

    model: str
    revision: str
    template_hash: str
    temperature: float
    top_p: float


@dataclass(frozen=True, slots=True)
class Rollout:
    """One sample in the store. `prompt` is `prompt_hash(request)`, `prompt_id` the row's id; `max_tokens` is the
    limit it was drawn under (see `response_limit`); `seconds` is its share, by tokens, of the wall time of its batch.
    """

    prompt: str
    prompt_id: str
    setting: Setting
    max_tokens: int
    sample: Sample
    prompt_tokens: int
    seconds: float


def prompt_hash(request: Request) -> str:
    """Hash of exactly what is sampled, messages and image bytes, 32 hex digits.

    The row's id is not enough: an earlier stage may change a question or resize an image and keep the id.
    """
    digest = hashlib.blake2b(digest_size=16)
    for message in request.messages:
        digest.update(f"{message.role}\0{message.content}\0".encode())
    if request.places_images:
        digest.update(b"images at their places\0")
    for image in request.images:
        digest.update(hashlib.blake2b(image).digest())
    return digest.hexdigest()


def rollout_id(rollout: Rollout) -> str:
    """Hash of what was drawn and what came out, 32 hex digits: the column `rollout`, which joins a response and its
    verdicts.
    """
    sample = rollout.sample
    drawn = repr((rollout.prompt, *astuple(rollout.setting), rollout.max_tokens, sample.number))
    return hashlib.blake2b(f"{drawn}\0{sample.text}".encode(errors="surrogatepass"), digest_size=16).hexdigest()


def response_limit(max_tokens: int, max_model_len: int | None, prompt_tokens: int) -> int:
    """The most tokens of a response to a prompt: `max_tokens`, or what an engine's `max_model_len` leaves of it.

    The model's own limit is no part of it: no option raises that, so a response that it cut off stays as it is.

    >>> response_limit(64, 40, 10), response_limit(64, None, 10)
    (30, 64)
    """
    return max_tokens if max_model_len is None else min(max_tokens, max_model_len - prompt_tokens)


def to_line(rollout: Rollout) -> dict[str, Any]:
    """The rollout as one flat record of `SCHEMA`."""
    parts = (rollout.setting, rollout.sample, rollout)
    line = {name: getattr(part, name) for part, names in zip(parts, _FIELDS, strict=True) for name in names}
    return {"rollout": rollout_id(rollout), **line}


def draw_order(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """Of several usable draws of one number the first in this order counts: the one under the lowest limit, then as `LAYOUT` has it."""
    return line["max_tokens"], *(line[name] for name in ORDER)


def from_line(line: Mapping[str, Any]) -> Rollout:
    """The inverse of `to_line`."""
    setting, sample, own = ({name: line[name] for name in names} for names in _FIELDS)
    return Rollout(**own, setting=Setting(**setting), sample=Sample(**sample))


_FIELDS = (
    [field.name for field in fields(Setting)],
    [field.name for field in fields(Sample)],
    [field.name for field in fields(Rollout) if field.name not in ("setting", "sample")],
)
