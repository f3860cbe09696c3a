"""Tokens per second of the vLLM engine beside a bare `LLM.generate`: same model, requests, seeds and process.

    python tests/benchmarks/engines.py [--model DIR] [--prompts 500] [--n 4] [--max-tokens 32] [--rounds 5] [--chunk 125]

Half of the prompts have a picture. `bare` gets rendered prompts and decoded pictures; ours starts from messages and
encoded pictures. They take turns at every chunk of prompts, so that what else the machine does meets all of them
alike, each with empty caches, and must give the same texts. Seconds of the clock say what a user feels; CPU seconds
say it on a machine that others use as well. The engine runs in this process; what a process of its own adds, pickling
requests and responses, is printed last. Without --model a micro model with random weights is built, whose responses all reach the limit.
"""

from __future__ import annotations

import argparse
import io
import pickle
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

sys.path[0] = str(Path(__file__).parents[2])

from curation.core.row import Row  # noqa: E402
from curation.sampling.engines.base import Request, SamplingOptions, gathered, sample_seed  # noqa: E402
from curation.sampling.engines.vllm import Vllm, VllmSession, quiet  # noqa: E402
from curation.sources.visual_puzzles import VisualPuzzles  # noqa: E402

Texts = list[list[str]]
Way = Callable[[], tuple[Texts, int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--prompts", type=int, default=500)
    parser.add_argument("--size", type=int, default=224, help="side of the pictures, pixels")
    parser.add_argument("--n", type=int, default=4)
    parser.add_argument("--max-tokens", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chunk", type=int, default=125, help="prompts handed over at once")
    arguments = parser.parse_args()
    options = SamplingOptions(max_tokens=arguments.max_tokens)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as exits:
        engine = Vllm(model=str(arguments.model or random_model(Path(folder))), max_num_seqs=64, max_model_len=1024)
        session = exits.enter_context(engine.load())
        wanted = requests(arguments.prompts, arguments.size, arguments.n)
        parts = [wanted[k : k + arguments.chunk] for k in range(0, len(wanted), arguments.chunk)]
        chunks = [{"bare": bare(session, part, options), "ours": ours(session, part, options)} for part in parts]
        with quiet():
            compare(chunks, session, arguments.rounds)
            print(f"pickling all of it both ways takes {pickling_s(session, wanted, options):.3f} CPU seconds")


def compare(chunks: Sequence[dict[str, Way]], session: VllmSession, rounds: int) -> None:
    """Run every chunk each way, once to warm up and `rounds` times; print tokens per second and the ratios to `bare`."""
    ways = list(chunks[0])
    ratios: dict[str, list[list[float]]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        spent = {name: [0.0, 0.0] for name in ways}
        tokens = 0
        for k, chunk in enumerate(chunks):
            expected: Texts = []
            for name in sorted(ways, reverse=(number + k) % 2 == 1):
                session.llm.reset_prefix_cache()
                session.llm.reset_mm_cache()
                wall, cpu = time.perf_counter(), cpu_seconds()
                texts, n_tokens = chunk[name]()
                spent[name][0] += time.perf_counter() - wall
                spent[name][1] += cpu_seconds() - cpu
                expected = expected or texts
                if texts != expected:
                    raise SystemExit(f"{name} gave other texts than the others")
            tokens += n_tokens
        for name in ways if number else ():
            speeds = [tokens / seconds for seconds in spent[name]]
            ratios[name].append([b / own for b, own in zip(spent["bare"], spent[name], strict=True)])
            told = " ".join(f"{value:6.3f}" for value in ratios[name][-1])
            print(
                f"round {number} {name:8} {speeds[0]:7.0f} tokens/s {speeds[1]:7.0f} tokens/CPU-s  ratios {told}",
                flush=True,
            )
    for name in ways:
        wall, cpu = (statistics.median(column) for column in zip(*ratios[name], strict=True))
        print(f"median  {name:8} {wall:6.3f} of bare by the clock, {cpu:6.3f} by CPU seconds")


def cpu_seconds() -> float:
    """Of this process and of its living children: on a GPU vLLM has some."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def pickling_s(session: VllmSession, wanted: Sequence[Request], options: SamplingOptions) -> float:
    """CPU seconds for the requests to a process of its own and for the responses back."""
    responses = gathered(wanted, session.generate(wanted, options))
    before = time.process_time()
    for message in ((wanted, options), responses):
        pickle.loads(pickle.dumps(message))
    return time.process_time() - before


def ours(session: Any, wanted: Sequence[Request], options: SamplingOptions) -> Way:
    def run() -> tuple[Texts, int]:
        responses = gathered(wanted, session.generate(wanted, options))
        samples = [sample for response in responses for sample in response.samples]
        return [[s.text for s in r.samples] for r in responses], sum(sample.n_tokens for sample in samples)

    return run


def bare(session: VllmSession, wanted: Sequence[Request], options: SamplingOptions) -> Way:
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

    from training.demo.micro_model import TRACE_WORDS, Recipe, new_model, new_processor

    torch.manual_seed(0)
    processor = new_processor(TRACE_WORDS.splitlines(), Recipe())
    new_model(processor.tokenizer, Recipe()).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


if __name__ == "__main__":
    main()
