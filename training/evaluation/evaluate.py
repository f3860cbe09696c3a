"""ovr-train eval --model DIR [--model DIR2 ...] --data DIR [--split test] [--samples 4] [--max_tokens N] [--out F.json]
                 [--engine vllm|transformers|openai] [--engine_option NAME=VALUE ...] [--rollouts DIR]

Mean reward of models on an rl split, sampled as its pass rates were measured (`difficulty.sampler`) unless an option says otherwise;
on a split without pass rates with temperature 1 and top-p 1, as in training, and --max_tokens. The engines are those of ovr-curate:
what a model's generation config asks for beyond the end tokens does not count. Each model starts its engine once, for what the rollout
store lacks: more samples, another verifier or a further model cost only what is new.

The rollouts are not those that `difficulty` was measured with, by which the rows were chosen: a model that was measured then would be
measured too close to the middle. A response the judge cannot decide on and a prompt that the engine refuses count in `n_unjudged`, never
as wrong; one that is cut off is wrong.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from curation.core.errors import SamplingError
from curation.core.plugins import known_plugins
from curation.core.row import Row
from curation.sampling.engines.base import Engine, Request, SamplingOptions
from curation.sampling.rollouts.rollout import Setting
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore, judge_rollouts
from curation.sampling.sample_cached import CachedSampler, SampleResult
from rewards import Verdict
from training.data.shards import (
    SAMPLING,
    check_shards,
    measured_sampling,
    read_rows,
    template_hash,
    warn_of_another_template,
)
from training.models.adapters import model_to_sample

DESCRIPTION = "Mean reward of models on an rl split."


class Sampling(SamplingOptions):
    """How responses are drawn, and how many of each row."""

    max_tokens: int = Field(ge=1)
    n_samples: int = Field(default=4, ge=1)
    seed: int = 0
    batch_size: int = Field(default=1024, ge=1)
    """Responses asked of the engine at once; what a crash loses at most."""

    @property
    def options(self) -> SamplingOptions:
        return SamplingOptions(**self.model_dump(include=set(SAMPLING)))


def main(argv: Sequence[str]) -> int:
    """Evaluate every model, print one JSON line each, and write all of them to --out."""
    args = _parser().parse_args(argv)
    files = check_shards(args.data, "rl", args.split)
    warn_of_another_template(files)
    sampling = _sampling(args)
    engines = [make_engine(args.engine, model, args.engine_option) for model in map(model_to_sample, args.model)]
    settings = [_setting(engine, sampling, template_hash(files[0])) for engine in engines]
    shared = {"data": str(args.data), "split": args.split, "sampling": sampling.model_dump()}
    folder = args.rollouts or (
        args.out.parent / f"{args.out.stem}_rollouts" if args.out else args.data / "eval_rollouts"
    )
    results = []
    for engine, setting in zip(engines, settings, strict=True):
        rows = islice(read_rows(files), args.limit)
        figures = evaluate(engine, setting, rows, sampling, folder / f"seed_{sampling.seed}")
        results.append({"model": engine.model, **shared, **figures})
        print(json.dumps(results[-1]), flush=True)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(results, indent=1) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ovr-train eval", description=DESCRIPTION)
    parser.add_argument("--model", action="append", required=True, help="model folder or name; may be repeated")
    parser.add_argument("--data", required=True, type=Path, help="build directory or folder of rl shards")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int, help="use only the first rows")
    parser.add_argument("--out", type=Path, help="write the results here as a JSON list")
    for name, kind in (("max_tokens", int), ("temperature", float), ("top_p", float)):
        parser.add_argument(f"--{name}", type=kind, help="default: as the pass rates were measured")
    for name in ("seed", "batch_size"):
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--samples", dest="n_samples", type=int, help="responses per row, 4 unless given")
    parser.add_argument("--engine", default="vllm", choices=list(known_plugins(Engine)), help="default: vllm")
    parser.add_argument(
        "--engine_option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="such as max_model_len=4096; may be repeated, `ovr-curate engines` lists them",
    )
    parser.add_argument(
        "--rollouts", type=Path, help="store of the samples; default: beside --out, else DATA/eval_rollouts"
    )
    return parser


def _sampling(args: argparse.Namespace) -> Sampling:
    """The options; what they leave open, as the split's pass rates were measured.

    Raises:
        ValueError: neither says how long a response may be, the rows were measured in several ways, or a value is out of range.
    """
    given = {name: value for name, value in vars(args).items() if name in Sampling.model_fields and value is not None}
    if not given.keys() >= set(SAMPLING):
        given = {**measured_sampling(args.data, args.split), **given}
    if "max_tokens" not in given:
        raise ValueError(
            f"split {args.split!r} of {args.data} has no pass rates to take max_tokens from; give --max_tokens"
        )
    try:
        return Sampling(**given)
    except ValidationError as error:
        raise ValueError(f"--{_first(error)}") from error


def make_engine(kind: str, model: str, options: Sequence[str]) -> Engine:
    """The engine of a model; `options` are `NAME=VALUE`, the value as in YAML.

    Raises:
        ValueError: the engine has no such option, needs another one, or the value is of the wrong type.
    """
    engine = known_plugins(Engine)[kind]
    try:
        given = {name: yaml.safe_load(value) for name, _, value in (option.partition("=") for option in options)}
    except yaml.YAMLError as error:
        raise ValueError(f"--engine_option: a value is not YAML: {error}") from error
    known = sorted(engine.model_fields.keys() - {"kind", "model"})
    if unknown := sorted(given.keys() - set(known)):
        raise ValueError(f"--engine_option: engine {kind!r} has no option {unknown[0]!r}; known: {', '.join(known)}")
    try:
        return engine(model=model, **given)
    except ValidationError as error:
        raise ValueError(f"--engine_option {_first(error)}") from error


def _first(error: ValidationError) -> str:
    """The first of pydantic's errors in one line."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}, got {first['input']!r}"


def _setting(engine: Engine, sampling: Sampling, template: str) -> Setting:
    model, revision = engine.identity()
    return Setting(model, revision, template, sampling.temperature, sampling.top_p)


def evaluate(engine: Engine, setting: Setting, rows: Iterator[Row], sampling: Sampling, folder: Path) -> dict[str, Any]:
    """The figures of one model (see `Figures`). The rollouts in `folder` are those of one seed: the store finds them by number.

    Raises:
        SamplingError: the engine failed; what was sampled before is in the store.
    """
    figures = Figures(sampling.n_samples)
    with (
        RolloutStore(folder) as store,
        VerdictStore(folder / "verdicts") as verdicts,
        CachedSampler(engine, sampling.options, setting, store) as sample,
    ):
        while batch := list(islice(rows, max(1, sampling.batch_size // sampling.n_samples))):
            results = sample([_request(row, sampling) for row in batch])
            _check(results)
            judged = judge_rollouts(
                [(row, result.rollouts) for row, result in zip(batch, results, strict=True)], verdicts
            )
            for row, of_row in zip(batch, judged, strict=True):
                figures.add(row, of_row)
    return figures.as_dict()


class Figures:
    """Counts over all rows and mean rewards over judged samples: of all, and by source, domain and modality."""

    def __init__(self, n_samples: int) -> None:
        self.n_samples = n_samples
        self.counts = Counter(n_rows=0, n_unjudged=0, n_truncated=0)
        self._rewards: dict[tuple[str, str], list[float]] = defaultdict(list)

    def add(self, row: Row, verdicts: Sequence[Verdict]) -> None:
        """Count a row; samples without a verdict were refused."""
        rewards = [verdict.reward for verdict in verdicts if verdict.reward is not None]
        self.counts["n_rows"] += 1
        self.counts["n_unjudged"] += self.n_samples - len(rewards)
        self.counts["n_truncated"] += sum(verdict.outcome == "truncated" for verdict in verdicts)
        modality = "picture" if row.images else "text"
        for group in (("all", ""), ("source", row.source), ("domain", row.domain), ("modality", modality)):
            self._rewards[group] += rewards

    def as_dict(self) -> dict[str, Any]:
        """{n_samples, n_rows, n_unjudged, n_truncated, mean_reward, by_source, by_domain, by_modality}."""
        means = {group: round(sum(r) / len(r), 4) for group, r in sorted(self._rewards.items()) if r}
        by = {
            f"by_{kind}": {name: mean for (group, name), mean in means.items() if group == kind}
            for kind in ("source", "domain", "modality")
        }
        return {"n_samples": self.n_samples, **self.counts, "mean_reward": means.get(("all", "")), **by}


def _request(row: Row, sampling: Sampling) -> Request:
    return Request(row.id, row.prompt, row.images, tuple(range(sampling.n_samples)), sampling.seed)


def _check(results: Sequence[SampleResult]) -> None:
    """Report prompts that the engine refused; it would refuse them again.

    Raises:
        SamplingError: the engine failed on some prompts, which another run would ask again.
    """
    if failed := [one.failed for one in results if one.failed]:
        message = f"{len(failed)} of {len(results)} prompts failed, the first: {failed[0]}"
        raise SamplingError(f"{message}; the same command samples only what is missing")
    if refused := [one.refused for one in results if one.refused]:
        print(f"eval: {len(refused)} of {len(results)} prompts refused, the first: {refused[0]}", file=sys.stderr)
