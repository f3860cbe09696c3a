"""ovr-train eval --model DIR [--model DIR2 ...] --data DIR [--split test] [--samples 4] [--max_tokens N] [--out F.json]
                 [--images real,blank,swapped,none] [--benchmark NAME]
                 [--engine vllm|transformers|openai] [--engine_option NAME=VALUE ...] [--rollouts DIR]

Rates of models on an rl split: avg@n, pass@k and maj@n with 95 % intervals over rows, by domain, stratum, source and modality; the paired
difference of each further model to the first. Sampled as the split's pass rates were measured (`difficulty.sampler`) unless an option says
otherwise; on a split without pass rates with temperature 1 and top-p 1, as in training, and --max_tokens. The engines are those of
ovr-curate: what a model's generation config asks for beyond the end tokens does not count. Each model starts its engine once, for what the
rollout store lacks: more samples, another verifier or a further model cost only what is new.

The rollouts are not those that `difficulty` was measured with, by which the rows were chosen: a model that was measured then would be
measured too close to the middle. A response the judge cannot decide on and a prompt that the engine refuses count in `n_unjudged`, never
as wrong; one that is cut off is wrong.

One JSON line for each model goes to standard output, a table to standard error.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from curation.core.plugins import known_plugins
from curation.core.row import Row
from curation.sampling.engines.base import Engine
from training.data.shards import (
    SAMPLING,
    check_shards,
    default_split,
    measured_sampling,
    read_rows,
    template_hash,
    warn_of_another_template,
)
from training.evaluation.benchmarks import Answered, known, score
from training.evaluation.compare import paired
from training.evaluation.figures import figures, metrics
from training.evaluation.images import OtherImages, comparison, parse_kinds
from training.evaluation.results import RowResult
from training.evaluation.sampling import Sampling, evaluate, first_error, make_engine, setting_of
from training.evaluation.tables import print_tables
from training.models.adapters import model_to_sample

DESCRIPTION = "Rates of models on an rl split, with intervals."


def main(argv: Sequence[str]) -> int:
    """Evaluate every model, print one JSON line each, and write all of them to --out."""
    args = _parser().parse_args(argv)
    kinds = parse_kinds(args.images)
    if args.limit is not None and args.limit < 1:
        raise ValueError(f"--limit {args.limit}: expected 1 row or more")
    if args.benchmark and args.benchmark not in known():
        raise ValueError(f"--benchmark: unknown benchmark {args.benchmark!r}; known: {', '.join(known())}")
    args.split = args.split or default_split(args.data)
    files = check_shards(args.data, "rl", args.split)
    warn_of_another_template(files)
    sampling = _sampling(args)
    engines = [make_engine(args.engine, model, args.engine_option) for model in map(model_to_sample, args.model)]
    settings = [setting_of(engine, sampling, template_hash(files[0])) for engine in engines]
    rows_of = _rows_of(files, args.limit, kinds, sampling.seed)
    folder = args.rollouts or (
        args.out.parent / f"{args.out.stem}_rollouts" if args.out else args.data / "eval_rollouts"
    )
    shared = {"data": str(args.data), "split": args.split, "sampling": sampling.model_dump()}
    evaluated: list[dict[str, Any]] = []
    first: list[RowResult] = []
    for engine, setting in zip(engines, settings, strict=True):
        by_kind = evaluate(engine, setting, rows_of, kinds, sampling, folder / f"seed_{sampling.seed}")
        real = by_kind["real"]
        result = {"model": engine.model, **shared, **figures(real, sampling.n_samples, sampling.seed)}
        if len(kinds) > 1:
            rates = {kind: _rates(results, real, sampling) for kind, results in by_kind.items()}
            result["images"] = {"rates": rates, "real_less": comparison(by_kind, sampling.seed)}
        if args.benchmark:
            answered = [Answered(one.row, one.rewards, one.extracted) for one in real]
            result["benchmark"] = {args.benchmark: score(args.benchmark, answered)}
        if evaluated:
            result["less_first_model"] = paired(real, first, seed=sampling.seed)
        first = first or real
        evaluated.append(result)
        print(json.dumps(result), flush=True)
    print_tables(evaluated)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(evaluated, indent=1) + "\n")
    if empty := [one["model"] for one in evaluated if one["mean_reward"] is None]:
        raise ValueError(
            f"{empty[0]}: no response could be judged, so there is no rate; see n_unjudged, and what was refused above"
        )
    return 0


def _rows_of(files: Sequence[Path], limit: int | None, kinds: Sequence[str], seed: int) -> Any:
    """A function from a kind of images to the rows of the split."""

    def rows() -> Iterable[Row]:
        return islice(read_rows(files), limit)

    if len(kinds) == 1:
        return lambda kind: rows()
    other = OtherImages(files, rows(), seed)
    if not other.n_with_images:
        raise ValueError("--images: no row has an image")
    return lambda kind: other.rows(rows(), kind)


def _rates(results: Sequence[RowResult], real: Sequence[RowResult], sampling: Sampling) -> dict[str, Any]:
    """The metrics of the rows that have images with `real`, and of the others."""
    with_images = {result.row.id for result in real if result.modality == "picture"}
    return {
        name: metrics(
            [one for one in results if (one.row.id in with_images) == is_picture], sampling.n_samples, sampling.seed
        )
        for name, is_picture in (("picture", True), ("text", False))
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ovr-train eval", description=DESCRIPTION)
    parser.add_argument("--model", action="append", required=True, help="model folder or name; may be repeated")
    parser.add_argument("--data", required=True, type=Path, help="build directory or folder of rl shards")
    parser.add_argument("--split", help="default: test, or the only split there is")
    parser.add_argument("--limit", type=int, help="use only the first rows")
    parser.add_argument(
        "--benchmark",
        metavar="NAME",
        help=f"add the published scoring of a set that was built from manifests/benchmarks/NAME.yaml: {', '.join(known())}",
    )
    parser.add_argument(
        "--images",
        default="real",
        metavar="KINDS",
        help="real,blank,swapped,none: the same rows with other images too, and what the image adds",
    )
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
        raise ValueError(f"--{first_error(error)}") from error
