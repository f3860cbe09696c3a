"""ovr-train eval --model DIR [--model DIR2 ...] --data DIR [--split test] [--samples 4] [--max_tokens N] [--out F.json]

Mean reward of models on an rl split, sampled as its pass rates were measured (`difficulty.sampler`) unless an option says otherwise;
on a split without pass rates with temperature 1 and top-p 1, as in training, and --max_tokens. What a model's generation config asks
for beyond the end tokens (Qwen2.5-VL: a repetition penalty of 1.05, top-k 1) does not count.
A response the judge cannot decide on counts in `n_unjudged`, never as wrong. Several models share one start of the libraries.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.shards import SAMPLING, measured_sampling, read_shards

DESCRIPTION = "Mean reward of models on an rl split."


@dataclass(frozen=True)
class Sampling:
    """How responses are drawn; `max_tokens` is for the completion."""

    max_tokens: int
    n_samples: int = 4
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0
    batch_size: int = 128


def main(argv: Sequence[str]) -> int:
    """Evaluate every model, print one JSON line each, and write all of them to --out."""
    parser = argparse.ArgumentParser(prog="ovr-train eval", description=DESCRIPTION)
    parser.add_argument("--model", action="append", required=True, help="model folder or name; may be repeated")
    parser.add_argument("--data", required=True, type=Path, help="build directory or folder of rl shards")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int, help="use only the first rows")
    parser.add_argument("--out", type=Path, help="write the results here as a JSON list")
    for name, kind in (("max_tokens", int), ("temperature", float), ("top_p", float)):
        parser.add_argument(f"--{name}", type=kind, help="default: as the pass rates were measured")
    for name in ("seed", "batch_size"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Sampling, name))
    parser.add_argument("--samples", dest="n_samples", type=int, default=Sampling.n_samples, help="responses per row")
    args = parser.parse_args(argv)
    rows = read_shards(args.data, "rl", args.split)
    if args.limit is not None:
        rows = rows.select(range(min(args.limit, len(rows))))
    sampling = _sampling(args)
    told = {"data": str(args.data), "split": args.split, "sampling": asdict(sampling)}
    results = []
    for model in args.model:
        results.append({"model": model, **told, **evaluate(model, rows, sampling)})
        print(json.dumps(results[-1]), flush=True)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(results, indent=1) + "\n")
    return 0


def _sampling(args: argparse.Namespace) -> Sampling:
    """The options; what they leave open, as the split's pass rates were measured.

    Raises:
        ValueError: neither says how long a response may be, or the rows were measured in several ways.
    """
    given = {name: value for name, value in vars(args).items() if name in Sampling.__dataclass_fields__}
    given = {name: value for name, value in given.items() if value is not None}
    if not given.keys() >= set(SAMPLING):
        given = {**measured_sampling(args.data, args.split), **given}
    if "max_tokens" not in given:
        raise ValueError(
            f"split {args.split!r} of {args.data} has no pass rates to take max_tokens from; give --max_tokens"
        )
    return Sampling(**given)


def evaluate(model_name: str, rows: Any, sampling: Sampling) -> dict[str, Any]:
    """{n_rows, n_samples, n_unjudged, mean_reward, by_source, by_domain, by_modality}; rewards are means over judged samples."""
    import torch

    from rewards.adapters.trl import accuracy

    model, processor = load(model_name)
    torch.manual_seed(sampling.seed)
    groups: dict[tuple[str, str], list[float]] = defaultdict(list)
    n_unjudged = 0
    for batch in _batches(rows, sampling):
        judged = ("answer", "answer_kind", "answer_options")
        columns = {name: [row[name] for row in batch] for name in judged}
        rewards = accuracy(completions=sample(model, processor, batch, sampling), **columns)
        for row, reward in zip(batch, rewards, strict=True):
            if reward is None:
                n_unjudged += 1
                continue
            modality = "picture" if row["images"] else "text"
            for group in (("all", ""), ("source", row["source"]), ("domain", row["domain"]), ("modality", modality)):
                groups[group].append(reward)
    means = {group: sum(rewards) / len(rewards) for group, rewards in sorted(groups.items())}
    by = {
        f"by_{kind}": {name: round(mean, 4) for (group, name), mean in means.items() if group == kind}
        for kind in ("source", "domain", "modality")
    }
    mean = round(means[("all", "")], 4) if means else None
    return {"n_rows": len(rows), "n_samples": sampling.n_samples, "n_unjudged": n_unjudged, "mean_reward": mean, **by}


def load(model_name: str) -> tuple[Any, Any]:
    """(model, processor), the model on the accelerator where torch sees one, its generation config reduced to the end tokens."""
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor, GenerationConfig

    processor = AutoProcessor.from_pretrained(model_name)
    model = AutoModelForImageTextToText.from_pretrained(model_name)
    declared, tokenizer = model.generation_config.eos_token_id, processor.tokenizer
    ends = {*(declared if isinstance(declared, list) else [declared]), tokenizer.eos_token_id} - {None}
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(ends)
    model.generation_config = GenerationConfig(eos_token_id=sorted(ends), pad_token_id=pad)
    return model.to(torch.accelerator.current_accelerator(check_available=True) or "cpu").eval(), processor


def _batches(rows: Any, sampling: Sampling) -> Iterator[list[dict[str, Any]]]:
    """Every row `n_samples` times."""
    step = max(1, sampling.batch_size // sampling.n_samples)
    for start in range(0, len(rows), step):
        chosen = rows.select(range(start, min(start + step, len(rows))))
        yield [row for row in chosen for _ in range(sampling.n_samples)]


def sample(model: Any, processor: Any, batch: Sequence[dict[str, Any]], sampling: Sampling) -> list[str]:
    """One response text for each row; text and picture rows may share the batch."""
    import torch
    from trl.data_utils import prepare_multimodal_messages

    texts = [
        processor.apply_chat_template(
            prepare_multimodal_messages(row["prompt"], images=row["images"]), add_generation_prompt=True, tokenize=False
        )
        for row in batch
    ]
    images = [row["images"] for row in batch if row["images"]] or None
    inputs = processor(text=texts, images=images, padding=True, padding_side="left", return_tensors="pt").to(
        model.device
    )
    how = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
    with torch.inference_mode():
        tokens = model.generate(
            **inputs, **(how if sampling.temperature else {"do_sample": False}), max_new_tokens=sampling.max_tokens
        )
    responses: list[str] = processor.batch_decode(tokens[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return responses
