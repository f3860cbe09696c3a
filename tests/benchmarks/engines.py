"""Tokens per second of the vLLM engine beside a bare `LLM.generate`: same model, requests, seeds and process.

    python tests/benchmarks/engines.py [--model DIR] [--prompts 500] [--n 4] [--max-tokens 32] [--rounds 5] [--isolated]

Half of the prompts have a picture. `bare` gets rendered prompts and decoded pictures; ours starts from messages and
encoded pictures. Both take turns, each with empty caches, and must give the same texts. Seconds of the clock say what
a user feels; CPU seconds say it on a machine that others use as well. `--isolated` adds the engine in a process of
its own. Without --model a micro model with random weights is built, whose responses all reach the limit.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

sys.path[0] = str(
    Path(__file__).parents[2]
)  # this file is called like nothing it measures, but its folder is no package

from curation.row import Row  # noqa: E402
from curation.sampling.engine import Request, SamplingOptions, sample_seed  # noqa: E402
from curation.sampling.vllm import Vllm, VllmSession, quiet  # noqa: E402
from curation.sources.visual_puzzles import VisualPuzzles  # noqa: E402

Texts = list[list[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--prompts", type=int, default=500)
    parser.add_argument("--size", type=int, default=224, help="side of the pictures, pixels")
    parser.add_argument("--n", type=int, default=4)
    parser.add_argument("--max-tokens", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--isolated", action="store_true")
    arguments = parser.parse_args()
    options = SamplingOptions(max_tokens=arguments.max_tokens)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as exits:
        engine = Vllm(model=str(arguments.model or random_model(Path(folder))), max_num_seqs=64, max_model_len=1024)
        session = exits.enter_context(engine.load())
        wanted = requests(arguments.prompts, arguments.size, arguments.n)
        ways = {"bare": bare(session, wanted, options), "ours": ours(session, wanted, options)}
        if arguments.isolated:
            ways["isolated"] = ours(exits.enter_context(engine.open()), wanted, options)
        with quiet():
            compare(ways, session, arguments.rounds)


def compare(ways: dict[str, Callable[[], tuple[Texts, int]]], session: VllmSession, rounds: int) -> None:
    """Run each way once to warm up and `rounds` times in turns, and print tokens per second and the ratios to `bare`."""
    expected: Texts = []
    ratios: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        speeds = {}
        for name in sorted(ways, reverse=number % 2 == 1):
            session.llm.reset_prefix_cache()
            session.llm.reset_mm_cache()
            wall, cpu = time.perf_counter(), cpu_seconds()
            texts, tokens = ways[name]()
            speeds[name] = tokens / (time.perf_counter() - wall), tokens / (cpu_seconds() - cpu)
            expected = expected or texts
            if texts != expected:
                raise SystemExit(f"{name} gave other texts than bare")
        if number == 0:
            continue
        for name, speed in speeds.items():
            ratios[name].append((speed[0] / speeds["bare"][0], speed[1] / speeds["bare"][1]))
            told = " ".join(f"{value:6.3f}" for value in ratios[name][-1])
            print(
                f"round {number} {name:8} {speed[0]:7.0f} tokens/s {speed[1]:7.0f} tokens/CPU-s  ratios {told}",
                flush=True,
            )
    for name in ways:
        wall, cpu = (statistics.median(column) for column in zip(*ratios[name], strict=True))
        print(f"median  {name:8} {wall:6.3f} of bare by the clock, {cpu:6.3f} by CPU seconds")


def cpu_seconds() -> float:
    """Of this process and of its living children."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def ours(session: Any, wanted: Sequence[Request], options: SamplingOptions) -> Callable[[], tuple[Texts, int]]:
    def run() -> tuple[Texts, int]:
        responses = session.generate(wanted, options)
        samples = [sample for response in responses for sample in response.samples]
        return [[s.text for s in r.samples] for r in responses], sum(sample.n_tokens for sample in samples)

    return run


def bare(session: VllmSession, wanted: Sequence[Request], options: SamplingOptions) -> Callable[[], tuple[Texts, int]]:
    """`LLM.generate` on what our engine would sample from."""
    from vllm import SamplingParams

    tokenizer = session.llm.get_tokenizer()
    prompts, params = [], []
    for request in wanted:
        pictures = [Image.open(io.BytesIO(data)).convert("RGB") for data in request.images]
        parts = [*({"type": "image"} for _ in pictures), {"type": "text", "text": request.messages[0].content}]
        messages = [{"role": "user", "content": parts}]
        text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        prompts.append({"prompt": text, **({"multi_modal_data": {"image": pictures}} if pictures else {})})
        seed = sample_seed(request.seed, request.key, 0)
        params.append(
            SamplingParams(
                n=len(request.sample_numbers),
                seed=seed,
                temperature=options.temperature,
                top_p=options.top_p,
                max_tokens=options.max_tokens,
            )
        )

    def run() -> tuple[Texts, int]:
        outputs = session.llm.generate(prompts, params, use_tqdm=False)
        tokens = sum(len(choice.token_ids) for output in outputs for choice in output.outputs)
        return [[choice.text for choice in output.outputs] for output in outputs], tokens

    return run


def requests(count: int, size: int, n: int) -> list[Request]:
    """Puzzles, with and without a picture by turns."""
    sources = [VisualPuzzles(modality="picture", size=size, count=count), VisualPuzzles(modality="text", count=count)]
    rows = (
        row
        for pair in zip(*(source.read(0) for source in sources), strict=False)
        for row in pair
        if isinstance(row, Row)
    )
    return [
        Request(row.id, row.prompt, row.images, tuple(range(n)), 0) for row, _ in zip(rows, range(count), strict=False)
    ]


def random_model(folder: Path) -> Path:
    """The shape of the project's micro model, untrained."""
    import torch

    from training.micro_model import TRACE_WORDS, Recipe, new_model, new_processor

    torch.manual_seed(0)
    processor = new_processor(TRACE_WORDS.splitlines(), Recipe())
    new_model(processor.tokenizer, Recipe()).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


if __name__ == "__main__":
    main()
