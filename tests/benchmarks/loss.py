"""Do the cuts of losses find what is corrupt, and does the scorer keep up with a bare loop?

    python tests/benchmarks/loss.py corrupted MODEL --real DIR --store DIR [--max-length 256] [--dtype bfloat16]
    python tests/benchmarks/loss.py speed MODEL --real DIR [--rows 48] [--kind vllm]

`corrupted` reads 2,000 real rows and 200 corrupted ones (`loss_parts/rows.py`), half by half, as the stage does; what was read is in the
store, so that it goes on where it was ended and other cuts cost nothing. The default cuts were chosen on the half `tuned`. `speed` reads
the same rows with the scorer and with what one would write by hand, one after the other, and prints the ratio.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path[0] = str(Path(__file__).parents[2])

from curation.cold_start.loss.cuts import find_cuts  # noqa: E402
from curation.cold_start.loss.encode import Encoder  # noqa: E402
from curation.cold_start.loss.options import SCORES, Cut, Cuts, LossOptions  # noqa: E402
from curation.cold_start.loss.score_rows import LossReader, Progress  # noqa: E402
from curation.cold_start.loss.scorers.base import Encoded  # noqa: E402
from curation.cold_start.loss.scores import trace_scores  # noqa: E402
from curation.core.row import Message  # noqa: E402
from tests.benchmarks.loss_parts.rows import DOMAINS, KINDS, Trace, halves  # noqa: E402

TEMPLATE = "{question}"


def record(trace: Trace) -> dict[str, Any]:
    return {"prompt": [{"role": "user", "content": trace.question}], "completion": trace.response}


def read(traces: Sequence[Trace], options: LossOptions, store: Path) -> tuple[dict[str, Any], Any]:
    """The scores of every trace by name, and the tokens of their responses."""

    def report(progress: Progress) -> None:
        print(f"{progress.rows} rows, {progress.tokens:,} tokens, {progress.found} found", file=sys.stderr, flush=True)

    with LossReader(options, TEMPLATE, store, report) as reader:
        both = list(reader.read(map(record, traces)))
    scores = [trace_scores(whole, alone) for whole, alone in both]
    by_name = {name: np.array([getattr(one, name) for one in scores], np.float32) for name in SCORES}
    is_short = np.array([whole.n_scored < options.min_tokens for whole, _ in both])
    for name in SCORES:
        by_name[name][is_short] = np.nan
    return by_name, np.array([whole.n_tokens for whole, _ in both])


def corrupted(args: argparse.Namespace, options: LossOptions) -> None:
    """Print for each half and kind the share that drops, and which score drops it."""
    for half, all_traces in halves(args.real, args.seed).items():
        clean_rows, others = [one for one in all_traces if not one.kind], [one for one in all_traces if one.kind]
        traces = [*clean_rows[:: max(len(clean_rows) // args.clean, 1)], *others]
        scores, n_tokens = read(traces, options, args.store)
        names = sorted({DOMAINS.get(one.source, "mathematics") for one in traces})
        domain = np.array([names.index(DOMAINS.get(one.source, "mathematics")) for one in traces])
        found = find_cuts(scores, names, domain, n_tokens, options)
        beyond = {score: of_score != 0 for score, of_score in found.beyond.items()}
        dropped = np.any(list(beyond.values()), axis=0)
        kinds, was_read = np.array([one.kind for one in traces]), np.isfinite(scores["loss"])
        print(f"{half}: {len(traces)} rows, {was_read.sum()} with {options.min_tokens} tokens of the response or more")
        for kind in ("", *KINDS):
            here = (kinds == kind) & was_read  # where the question leaves no room for them, nothing is said of the row
            by_score = ", ".join(f"{score} {of_score[here].mean():.1%}" for score, of_score in beyond.items())
            print(f"  {kind or 'clean':<16} {dropped[here].mean():6.1%} of {here.sum():4} ({by_score})")
        clean = Counter(one.source for one, falls in zip(traces, dropped, strict=True) if falls and not one.kind)
        print(f"  clean rows that drop, by source: {dict(clean)}")


def speed(args: argparse.Namespace, options: LossOptions) -> None:
    """Print tokens a second of both, in turns of which the best counts."""
    traces = [one for rows in halves(args.real, args.seed).values() for one in rows if not one.kind][
        :: 2000 // args.rows
    ]
    with options.scorer.open(options.max_length) as session:
        encoder = Encoder(session.tokenizer, options.max_length, TEMPLATE)
        texts = [encoder.encode((Message("user", one.question),), one.response) for one in traces]
        batch = [text for text in texts if text is not None]
        bare = bare_vllm(session.llm) if args.kind == "vllm" else bare_transformers(session.model)  # type: ignore[attr-defined]
        tokens = sum(len(text.ids) for text in batch)
        rates: dict[str, list[float]] = {"scorer": [], "bare": []}
        for _ in range(args.turns):
            for name, run in (("scorer", lambda: list(session.score(batch))), ("bare", lambda: bare(batch))):
                started = time.perf_counter()
                run()
                rates[name].append(tokens / (time.perf_counter() - started))
        best = {name: max(of_name) for name, of_name in rates.items()}
        print(
            f"{len(batch)} rows, {tokens:,} tokens: {best['scorer']:,.0f} tokens/s, bare {best['bare']:,.0f}: {best['scorer'] / best['bare']:.2f}"
        )
        if args.kind == "transformers":
            ours = {number: scores.nll for number, scores in session.score(batch)}
            theirs = bare(batch)
            worst = max(
                abs(float(ours[i][-n:].mean()) - float(theirs[i]))
                for i, n in enumerate(len(t.ids) - t.response for t in batch)
            )
            print(f"largest difference of a row's loss: {worst:.4f} nats")


def bare_transformers(model: Any) -> Any:
    """Text by text in the order of the rows: the model's forward pass and the cross entropy of the response, as examples have it."""
    import torch

    def run(batch: Sequence[Encoded]) -> list[float]:
        losses = []
        with torch.inference_mode():
            for text in batch:
                ids = torch.tensor([text.ids], device=model.device)
                logits = model(input_ids=ids, use_cache=False).logits[0].float()
                nll = torch.nn.functional.cross_entropy(logits[:-1], ids[0, 1:], reduction="none")
                (logits[:-1] > logits[:-1].gather(1, ids[0, 1:, None])).sum(1).clamp(max=100)
                losses.append(float(nll[text.response - 1 :].mean()))
        return losses

    return run


def bare_vllm(llm: Any) -> Any:
    """One call with all texts."""
    from vllm import SamplingParams

    params = SamplingParams(max_tokens=1, temperature=0.0, prompt_logprobs=0)

    def run(batch: Sequence[Encoded]) -> list[Any]:
        return list(llm.generate([{"prompt_token_ids": one.ids} for one in batch], params, use_tqdm=False))

    return run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["corrupted", "speed"], nargs="?", default="speed")
    parser.add_argument("model", nargs="?", default=os.environ.get("OVR_LOSS_MODEL"), help="a causal language model")
    parser.add_argument(
        "--real", type=Path, default=os.environ.get("OVR_REAL_DATA"), help="folder of the public sample"
    )
    parser.add_argument("--store", type=Path, default=Path(tempfile.gettempdir()) / "loss_store")
    parser.add_argument("--kind", choices=["transformers", "vllm"], default="transformers")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--rows", type=int, default=48)
    parser.add_argument("--clean", type=int, default=1000, help="clean rows of each half, evenly spread")
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--k", type=float, help="of the cut of the loss; by default that of the stage")
    parser.add_argument("--pairing-at", type=float, help="of the cut of the gain; by default that of the stage")
    args = parser.parse_args()
    if not (args.model and args.real):
        print("loss: no model or no public sample; set OVR_LOSS_MODEL and OVR_REAL_DATA to their folders")
        return 0
    cuts = Cuts()
    if args.k:
        cuts = cuts.model_copy(update={"loss": Cut(k=args.k)})
    if args.pairing_at is not None:
        cuts = cuts.model_copy(update={"pairing_gain": Cut(kind="value", at=args.pairing_at)})
    scorer = {"kind": args.kind, "model": args.model, "dtype": args.dtype}
    if args.kind == "transformers":
        scorer["batch_tokens"] = 2048
    options = LossOptions.model_validate({"scorer": scorer, "max_length": args.max_length, "cut": cuts})
    {"corrupted": corrupted, "speed": speed}[args.what](args, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
