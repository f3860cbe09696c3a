"""An engine for builds that are run, killed and run again: `plugins: [guessing]` beside the manifest.

Every answer is a number that the prompt and the number of the sample decide, so any two runs draw the same; `GUESS_WAIT_S` seconds pass
before a response.
"""

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from curation.sampling.engines.base import Engine, Hardware, Request, Response, Sample, SamplingOptions, sample_seed


class Guessing(Engine):
    kind: Literal["guessing"] = "guessing"
    model: str = "guessing"

    def identity(self) -> tuple[str, str]:
        return "guessing", "1"

    def hardware(self) -> Hardware:
        return Hardware("CPU", 1)

    @contextmanager
    def open(self) -> Iterator["Guesses"]:
        yield Guesses()


class Guesses:
    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response]:
        for request in requests:
            time.sleep(float(os.environ.get("GUESS_WAIT_S", "0")))
            yield Response(request.key, tuple(guess(request, number) for number in request.sample_numbers), 10)


def guess(request: Request, number: int) -> Sample:
    asked = request.messages[-1].content
    digest = hashlib.blake2b(f"{request.key}|{asked}|{number}".encode(), digest_size=2).digest()
    text = f"Let me think.\n\\boxed{{{1 + digest[0] % 4}}}"
    return Sample(number, text, "stop", 5 + digest[1] % 7, sample_seed(request.seed, request.key, number))
