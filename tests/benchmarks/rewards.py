r"""The table of graders, on any file of labelled pairs, and the speed on any list of answers.

    python tests/benchmarks/rewards.py pairs PAIRS.jsonl [--graders ours,math-verify,boxed,trl] [--contested] [--misses]
    python tests/benchmarks/rewards.py speed ANSWERS.json [--pairs 5000] [--against 300]

`pairs` reads lines of `gold`, `response` or `answer`, `expected`, and reports accuracy, false positives and
negatives, pairs/s and p99. Pairs without an expected verdict and (unless asked for) contested ones and those in prose
are left out. `speed` judges each answer of a JSON list (strings, or objects with `answer`) against itself restyled
and against another one, in boxed mode."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[2])  # this file is called like the package it measures

import rewards  # noqa: E402
from rewards.certify import cases  # noqa: E402

Grader = Callable[[dict[str, Any]], bool | None]


def ours(pair: dict[str, Any]) -> bool | None:
    kind = "math" if "form" in pair else pair.get("kind", "math")  # files with a form group their pairs by `kind`
    verifier = rewards.make_verifier(pair["gold"], kind, pair.get("options"))
    verdict = verifier.judge(pair["response"]) if "response" in pair else verifier.judge_answer(pair["answer"])
    return None if verdict.reward is None else verdict.reward == 1.0


def math_verify(pair: dict[str, str]) -> bool:
    """As it does best on real pairs: the box first, bare LaTeX wrapped in `$`."""
    from math_verify import parse, verify

    text = pair["response"].rsplit("</think>", 1)[-1] if "response" in pair else wrapped(pair["answer"])
    return bool(verify(parse(wrapped(pair["gold"])), parse(text)))


def wrapped(text: str) -> str:
    return text if "$" in text or "boxed" in text or "\\(" in text or "\\[" in text else f"${text}$"


def boxed(pair: dict[str, str]) -> bool:
    """The paper's rule: the last box equals the gold, character by character."""
    answer = rewards.extract_answer(pair["response"]) if "response" in pair else pair["answer"].strip()
    return answer == pair["gold"].strip()


def trl(pair: dict[str, str]) -> bool | None:
    from trl.rewards import accuracy_reward

    text = pair["response"] if "response" in pair else f"\\boxed{{{pair['answer']}}}"
    reward = accuracy_reward([[{"role": "assistant", "content": text}]], [pair["gold"]])[0]
    return None if reward is None else reward == 1.0


GRADERS: dict[str, Grader] = {"ours": ours, "math-verify": math_verify, "boxed": boxed, "trl": trl}


def timed(grader: Grader, pairs: list[dict[str, str]]) -> tuple[list[bool | None], list[float]]:
    verdicts, times = [], []
    for pair in pairs:
        started = time.perf_counter()
        try:
            verdicts.append(grader(pair))
        except Exception as error:  # a grader that raises gives no verdict; which ones do is part of the table
            print(f"raised {type(error).__name__}: {error}"[:100])
            verdicts.append(None)
        times.append(time.perf_counter() - started)
    return verdicts, times


def line(name: str, pairs: list[dict[str, str]], verdicts: list[bool | None], times: list[float]) -> str:
    count: Counter[str] = Counter()
    for pair, verdict in zip(pairs, verdicts, strict=True):
        if bool(verdict) == bool(pair["expected"]):
            count["right"] += 1
        else:
            count["false -" if pair["expected"] else "false +"] += 1
    ranked = sorted(times)
    p99 = ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))] * 1000
    return (
        f"| {name} | {100 * count['right'] / len(pairs):.1f} | {count['false +']} | {count['false -']} | {verdicts.count(None)} "
        f"| {len(pairs) / sum(times):,.0f} | {p99:.1f} | {ranked[-1] * 1000:.0f} |"
    )


def compare(arguments: argparse.Namespace) -> None:
    rows = [json.loads(text) for text in Path(arguments.file).read_text().splitlines() if text.strip()]
    pairs = [
        row for row in rows
        if row.get("expected") is not None and (arguments.contested or not row.get("contested")) and row.get("form") != "prose"
    ]  # fmt: skip
    rewards.judge("x^0+y", r"\boxed{1+z}")
    print(
        f"{len(pairs)} of {len(rows)} pairs\n| grader | accuracy | false + | false - | no verdict | pairs/s | p99 ms | max ms |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name in arguments.graders.split(","):
        verdicts, times = timed(GRADERS[name], pairs)
        print(line(name, pairs, verdicts, times), flush=True)
        if arguments.misses:
            for pair, verdict in zip(pairs, verdicts, strict=True):
                if bool(verdict) != bool(pair["expected"]):
                    print("   ", json.dumps({**pair, "got": verdict}, ensure_ascii=False)[:300])


def speed(arguments: argparse.Namespace) -> None:
    rows = json.loads(Path(arguments.file).read_text())
    golds = [str(row["answer"] if isinstance(row, dict) else row) for row in rows]
    golds = [gold for gold in golds if gold.strip()]
    rng = random.Random(0)
    pairs = []
    for gold, other in zip(golds, rng.sample(golds, len(golds)), strict=True):
        same = rng.choice([c for c in cases(gold) if c.right])
        pairs.append({"gold": gold, "response": f"So it is $\\boxed{{{same.answer}}}$.", "expected": True})
        pairs.append(
            {"gold": gold, "response": f"So it is $\\boxed{{{other}}}$.", "expected": other.strip() == gold.strip()}
        )
    rng.shuffle(pairs)
    pairs = pairs[: arguments.pairs]
    rewards.make_verifier.__globals__["_cached"].cache_clear()
    print(
        "| grader | accuracy | false + | false - | no verdict | pairs/s | p99 ms | max ms |\n|---|---|---|---|---|---|---|---|"
    )
    for name, some in (("ours", pairs), ("math-verify", pairs[: arguments.against])):
        verdicts, times = timed(GRADERS[name], some)
        print(line(name, some, verdicts, times), flush=True)
        if name == "ours" and arguments.misses:
            for pair, verdict in zip(some, verdicts, strict=True):
                if bool(verdict) != bool(pair["expected"]):
                    print("   ", json.dumps({**pair, "got": verdict}, ensure_ascii=False)[:300])
    response = ("We compute $x^{2} + \\frac{1}{2}$ and so on. " * 200)[:7980] + r"\boxed{\frac{1}{2}}"
    started = time.perf_counter()
    for _ in range(200):
        rewards.extract_answer(response)
    print(f"extraction from {len(response)} characters: {(time.perf_counter() - started) / 200 * 1000:.3f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    pairs = commands.add_parser("pairs", help="accuracy of every grader on labelled pairs")
    pairs.add_argument("file")
    pairs.add_argument("--graders", default=",".join(GRADERS))
    pairs.add_argument("--contested", action="store_true", help="count contested pairs as well")
    pairs.add_argument("--misses", action="store_true", help="print what each grader gets wrong")
    pairs.set_defaults(run=compare)
    fast = commands.add_parser("speed", help="pairs per second on a list of answers")
    fast.add_argument("file")
    fast.add_argument("--pairs", type=int, default=5000)
    fast.add_argument("--against", type=int, default=300, help="how many of them math-verify is given")
    fast.add_argument("--misses", action="store_true")
    fast.set_defaults(run=speed)
    # `make bench` gives no argument: our own pairs, over every form of answer.
    own = ["pairs", str(Path(__file__).parents[1] / "rewards" / "formats.jsonl")]
    arguments = parser.parse_args(sys.argv[1:] or own)
    arguments.run(arguments)


if __name__ == "__main__":
    main()
