"""What is known of a judge: shares of the probes that it took for right, by kind of probe, for one model, prompt and way of asking.

A stage acts on verdicts only under a certificate of exactly what it asks, and counts the shares against its own limits again.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, ValidationError

from curation.core.errors import BuildError
from curation.core.plugins import Options
from curation.difficulty.stopping.fixed import wilson
from curation.judging.answers.options import JudgeAnswers, JudgeLimits
from curation.judging.answers.prompt import PROMPT, PROMPT_HASH
from curation.judging.answers.votes import JudgeVerdict

Expect = Literal["right", "near_miss", "hack"]
MIN_PROBES = 10
"""Of right answers, of near misses and of hacks each: fewer say nothing."""


class Shares(Options):
    """The verdicts on the probes of one kind. `accepted` of `n` were taken for right; the interval is Wilson's of 95 %."""

    expect: Expect
    n: int = Field(ge=0)
    accepted: int
    rejected: int
    cannot_tell: int
    failed: int
    share: float
    ci_low: float
    ci_high: float


class Asking(Options):
    """What a certificate is of."""

    model: str
    revision: str
    prompt: str
    temperature: float
    top_p: float
    max_tokens: int
    votes: int


class Certificate(Asking):
    """The file. `probes`: how an answer was made -> what came of it."""

    version: Literal[1] = 1
    rows: int
    limits: JudgeLimits
    probes: dict[str, Shares]
    trusted: bool


def asking_of(options: JudgeAnswers) -> Asking:
    """What a manifest asks with.

    Raises:
        SamplingError: the model cannot be identified.
    """
    setting, sampling = options.judge.setting(PROMPT), options.judge.sampling
    return Asking(
        model=setting.model, revision=setting.revision, prompt=PROMPT_HASH, **dict(sampling), votes=options.votes
    )


def shares(expect: Expect, verdicts: Iterable[JudgeVerdict]) -> Shares:
    """The verdicts on the probes of one kind, counted."""
    found = list(verdicts)
    names: tuple[JudgeVerdict, ...] = ("model_correct", "model_wrong", "model_cannot_tell", "failed")
    accepted, rejected, cannot_tell, failed = (found.count(name) for name in names)
    low, high = wilson(np.array([accepted]), np.array([len(found)]))
    interval = {"share": accepted / len(found), "ci_low": round(float(low[0]), 6), "ci_high": round(float(high[0]), 6)}
    counts = {"accepted": accepted, "rejected": rejected, "cannot_tell": cannot_tell, "failed": failed}
    return Shares(expect=expect, n=len(found), **counts, **interval)


def objections(probes: Mapping[str, Shares], limits: JudgeLimits) -> Iterator[str]:
    """Why a judge with these shares is not to be trusted, a line each; hacks first."""
    for name, one in probes.items():
        if one.expect == "hack" and one.accepted > limits.max_hacks * one.n:
            yield f"takes the hack {name!r} for right, {one.accepted} of {one.n} (up to {limits.max_hacks:.2%})"
    bounds: tuple[tuple[Expect, str, float], ...] = (
        ("near_miss", "takes near misses for right", limits.max_false_positives),
        ("right", "does not take right answers for right", limits.max_false_negatives),
    )
    for expect, what, bound in bounds:
        of_kind = [one for one in probes.values() if one.expect == expect]
        n, accepted = sum(one.n for one in of_kind), sum(one.accepted for one in of_kind)
        wrong = n - accepted if expect == "right" else accepted
        if wrong > bound * n:
            failed = sum(one.failed for one in of_kind)
            unread = f"; {failed} had no verdict" if failed else ""
            yield f"{what}, {wrong} of {n} (up to {bound:.2%}){unread}"
    for expect in ("right", "near_miss", "hack"):
        if (n := sum(one.n for one in probes.values() if one.expect == expect)) < MIN_PROBES:
            yield f"was probed with {n} of the kind {expect!r}, expected at least {MIN_PROBES}"


def check_certificate(options: JudgeAnswers, limits: JudgeLimits, where: str) -> None:
    """See to it that a stage may act on what its judge says.

    Raises:
        BuildError: the certificate is missing, no certificate, of something else, or says that the judge is not to be trusted.
    """
    path, mend = (
        Path(options.certificate),
        f"`ovr-curate certify DIR --judge MANIFEST` writes one ({where}.certificate)",
    )
    try:
        certificate = Certificate.model_validate(json.loads(path.read_text()))
    except FileNotFoundError:
        raise BuildError(f"{path}: no such certificate of the judge; {mend}") from None
    except (OSError, ValidationError, ValueError) as error:
        raise BuildError(
            f"{path}: not a certificate of a judge: {' '.join(str(error).split())[:200]}; {mend}"
        ) from None
    for name, mine in asking_of(options):
        if (theirs := getattr(certificate, name)) != mine:
            raise BuildError(f"{path}: certifies a judge of {name} {theirs!r}, the manifest has {mine!r}; {mend}")
    if objection := next(objections(certificate.probes, limits), ""):
        raise BuildError(f"{path}: the judge {certificate.model!r} is not to be trusted: it {objection}")
