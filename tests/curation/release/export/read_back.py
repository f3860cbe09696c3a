"""The rows of an export, read by its layout and nothing of ours: config, split, id, messages as parts, gold."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

GOLD = ("answer", "answer_kind", "answer_options")
Messages = list[tuple[str, list[str | bytes]]]


class ReadRow(NamedTuple):
    config: str
    split: str
    id: str
    messages: Messages
    gold: tuple[str, ...]


def files(folder: Path, ending: str) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    for config in ("rl", "cold_start"):
        for path in sorted(folder.glob(f"{config}_*.{ending}")):
            lines = path.read_bytes().decode().splitlines() if ending == "jsonl" else []
            rows = [json.loads(line) for line in lines] or pq.read_table(path).to_pylist()
            yield config, path.stem.removeprefix(f"{config}_"), rows


def placed(messages: list[dict[str, str]], images: list[bytes]) -> Messages:
    rest = iter(images)
    found = [
        (
            one["role"],
            [next(rest) if piece == "<image>" else piece for piece in re.split("(<image>)", one["content"]) if piece],
        )
        for one in messages
    ]
    assert not list(rest)
    return found


def gold(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in GOLD)


def verl(folder: Path) -> Iterator[ReadRow]:
    for config, split, rows in files(folder, "parquet"):
        for row in rows:
            images = [image["bytes"] for image in row.get("images") or ()]
            about = row["extra_info"] if config == "rl" else row
            assert config != "rl" or row["reward_model"] == {"style": "rule", "ground_truth": about["answer"]}
            messages = placed(row["prompt" if config == "rl" else "messages"], images)
            yield ReadRow(config, split, about["id"], messages, gold(about))


def json_lines(folder: Path) -> Iterator[ReadRow]:
    """ms-swift's and LLaMA-Factory's."""
    for config, split, rows in files(folder, "jsonl"):
        for row in rows:
            images = [(folder / path).read_bytes() for path in row.get("images") or ()]
            row.setdefault("answer", row.get("solution"))
            yield ReadRow(config, split, row["id"], placed(row["messages"], images), gold(row))


def openrlhf(folder: Path) -> Iterator[ReadRow]:
    for config, split, rows in files(folder, "parquet"):
        for row in rows:
            about = json.loads(row["label"]) if config == "rl" else row
            messages = placed([*row["prompt"], *row.get("response", ())], row.get("images") or [])
            yield ReadRow(config, split, row["id"], messages, gold(about))


def nemo_rl(folder: Path) -> Iterator[ReadRow]:
    for config, split, rows in files(folder, "jsonl"):
        for row in rows:
            messages = row["messages"] if config == "cold_start" else row["messages"][:1]
            assert config == "cold_start" or gold(json.loads(row["messages"][1]["content"])) == gold(row)
            found = [
                (one["role"], _parts(one["content"], lambda part: (folder / part["image"]).read_bytes()))
                for one in messages
            ]
            yield ReadRow(config, split, row["id"], found, gold(row))


def trl(folder: Path) -> Iterator[ReadRow]:
    for config, split, rows in files(folder, "parquet"):
        for row in rows:
            images = iter([image["bytes"] for image in row.get("images") or ()])
            messages = [*row["prompt"], *row.get("completion", ())]
            found = [(one["role"], _parts(one["content"], lambda _, rest=images: next(rest))) for one in messages]
            yield ReadRow(config, split, row["id"], found, gold(row))


def verifiers(folder: Path) -> Iterator[ReadRow]:
    for path in sorted(folder.glob("*/rows/*.parquet")):
        for row in pq.read_table(path).to_pylist():
            yield ReadRow("rl", path.stem, row["id"], placed(row["messages"], row["images"]), gold(row))


def nemo_gym(folder: Path) -> Iterator[ReadRow]:
    for path in sorted(folder.glob("*/data/*.jsonl")):
        for row in map(json.loads, path.read_bytes().decode().splitlines()):
            messages = [
                (
                    one["role"],
                    _parts(one["content"], lambda part: base64.b64decode(part["image_url"].partition(",")[2])),
                )
                for one in row["responses_create_params"]["input"]
            ]
            yield ReadRow("rl", path.stem, row["id"], messages, gold(row))


def _parts(content: Any, image: Callable[[dict[str, Any]], bytes]) -> list[str | bytes]:
    if isinstance(content, str):
        return [content]
    return [part["text"] if part["type"].endswith("text") else image(part) for part in content]


READERS: dict[str, Callable[[Path], Iterator[ReadRow]]] = {
    "verl": verl, "ms-swift": json_lines, "llama-factory": json_lines, "openrlhf": openrlhf, "nemo-rl": nemo_rl, "trl": trl,
    "verifiers": verifiers, "nemo-gym": nemo_gym,
}  # fmt: skip
