"""Faults planted in shards: each is found, by its name, in one line that says where."""

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL.Image
import pyarrow.parquet as pq
import pytest

from tests.training.preflight.conftest import Rows, rows, subject, text_rows, write
from training.preflight.flight import Flight

pytestmark = pytest.mark.slow


def image(size: tuple[int, int], mode: str = "RGB", color: Any = 0, kind: str = "PNG") -> dict[str, Any]:
    buffer = io.BytesIO()
    PIL.Image.new(mode, size, color).save(buffer, kind)
    return {"bytes": buffer.getvalue(), "path": None}


def with_image(new: Any) -> Callable[[Rows], None]:
    """The first image row has another image."""

    def change(held: Rows) -> None:
        held[1]["images"] = [new]

    return change


def every(name: str, value: Any) -> Callable[[Rows], None]:
    def change(held: Rows) -> None:
        for row in held:
            row[name] = value

    return change


def one(name: str, value: Any, at: int = 2) -> Callable[[Rows], None]:
    def change(held: Rows) -> None:
        held[at][name] = value

    return change


def asks(text: str, at: int) -> Callable[[Rows], None]:
    return one("prompt", [{"role": "user", "content": text}], at)


def swap_prompt_and_answer(held: Rows) -> None:
    for row in held:
        question, row["prompt"] = row["prompt"][0]["content"], [{"role": "user", "content": row["answer"]}]
        row["answer"] = question


def swap_prompt_and_completion(held: Rows) -> None:
    for row in held:
        question, trace = row["prompt"][0]["content"], row["completion"][0]["content"]
        row["prompt"] = [{"role": "user", "content": trace}]
        row["completion"] = [{"role": "assistant", "content": question}]


def shift_completions(held: Rows) -> None:
    traces = [row["completion"] for row in held]
    for row, trace in zip(held, traces[1:] + traces[:1], strict=True):
        row["completion"], row["verified"] = trace, "correct"


LONG = " ".join(["What is 1 + 1?"] * 1000)
RL: dict[str, tuple[Callable[[Rows], None], str]] = {
    "images dropped": (asks("How many are in <image>?", 2), "images: row {2}: the prompt places images with <image>, and the row has none: 1 places"),
    "another number of images": (asks("Is <image> like <image>?", 1), "images: row {1}: the prompt places another number of images than the row has: 2 of <image>, 1 images"),
    "a placeholder in the text": (asks("What is <|image_pad|>?", 2), "image tokens: row {2}: another number of placeholders than images: 1 placeholders in the prompt, 0 images"),
    "unreadable golds": (every("answer", "see the figure"), "golds: row {0}: the gold scores: None (it cannot be judged), expected 1: gold 'see the figure' as number (8 of 8"),
    "one unreadable gold": (one("answer", "4 or 5"), "golds: row {2}: the gold scores: "),
    "mixed-up columns": (swap_prompt_and_answer, "columns: {data}: prompt and answer look mixed up in 8 of 8 rows read: row {0} asks '1' and has the answer 'What is 0 + 1?'"),
    "all golds None": (every("answer", None), "golds: {data}: none of 8 rows has an answer: every reward would be None"),
    "a gold None": (one("answer", None), "golds: row {2}: no answer, so its reward is None whatever the response: None"),
    "an empty gold": (one("answer", " "), "golds: row {2}: no answer, so its reward is None whatever the response: ' '"),
    "duplicated ids": (one("id", f"{7:032x}"), "ids: row {7}: the id is not the row's alone: 2 rows have it"),
    "no id": (one("id", None), "ids: row number 2: the id is None, expected text that no other row has"),
    "unknown kind": (one("answer_kind", "gms8k"), "kinds: row {2}: unknown answer_kind 'gms8k'; known: assignment, boxes"),
    "options that are no JSON": (one("answer_options", "{'choices': 1}"), "kinds: row {2}: answer_options of kind 'number' are not JSON"),
    "options of another kind": (one("answer_options", '{"no_such": 1}'), "kinds: row {2}: answer_options of kind 'number': "),
    "weight NaN": (one("weight", math.nan), "weights: row {2}: a weight that cannot be sampled by: nan, expected 0 or more"),
    "weight negative": (one("weight", -1.0), "weights: row {2}: a weight that cannot be sampled by: -1.0"),
    "weights all 0": (every("weight", 0.0), "weights: {data}: all 8 weights are 0"),
    "broken image": (with_image({"bytes": image((56, 56))["bytes"][:60], "path": None}), "images: row {1}, image 0: the image cannot be decoded: "),
    "bytes of another file": (with_image({"bytes": b"<html>404</html>", "path": None}), "images: row {1}, image 0: the image cannot be decoded: cannot identify image file"),
    "an image left at its path": (with_image({"bytes": None, "path": "no/such.png"}), "images: row {1}, image 0: the image has no bytes"),
    "no bytes": (with_image({"bytes": None, "path": None}), "images: row {1}, image 0: the image has no bytes"),
    "an image of one pixel": (with_image(image((1, 1))), "images: row {1}, image 0: an image with nothing to see: 1 x 1 pixels"),
    "an image 20,000 wide": (with_image(image((20_000, 40))), "images: row {1}, image 0: a shape that Qwen's processors refuse: 20000 x 40"),
    "an image far too large": (with_image(image((20_000, 200))), "images: row {1}, image 0: an image far larger than any processor keeps: 20000 x 200"),
    "a decompression bomb": (with_image(image((10_000, 9_000), "1")), "images: row {1}, image 0: the image cannot be decoded: 10000 x 9000 pixels, expected 89,478,485 at most"),
    "transparent pixels": (with_image(image((56, 56), "RGBA", (0, 0, 0, 0))), "images: row {1}, image 0: transparent pixels, which become black or noise: mode RGBA"),
    "four inks": (with_image(image((56, 56), "CMYK", kind="JPEG")), "images: row {1}, image 0: a color mode that the conversion to RGB changes: CMYK"),
    "16 bits a pixel": (with_image(image((56, 56), "I;16")), "images: row {1}, image 0: a color mode that the conversion to RGB changes: I;16"),
    "no prompt": (one("prompt", []), "messages: row {2}: the prompt has no messages"),
    "an empty message": (asks("  ", 2), "messages: row {2}: a message of the prompt is empty"),
    "an unknown role": (one("prompt", [{"role": "human", "content": "2?"}]), "messages: row {2}: an unknown role in the prompt: 'human'"),
    "a prompt that is answered": (one("prompt", [{"role": "user", "content": "2?"}, {"role": "assistant", "content": "2"}]), "messages: row {2}: the prompt ends with another role: 'assistant', expected user or tool"),
    "over the context": (asks(LONG, 2), "lengths: row {2}: prompt and completion are longer than the model's context: "),
}  # fmt: skip
SFT: dict[str, tuple[Callable[[Rows], None], str]] = {
    "over-long rows": (asks("What is 1 + 1? " * 8, 2), "lengths: row {2}: longer than max_length: "),
    "no completion": (one("completion", []), "messages: row {2}: the completion has no messages"),
    "an empty completion": (one("completion", [{"role": "assistant", "content": ""}]), "messages: row {2}: a message of the completion is empty"),
    "a completion of the user": (one("completion", [{"role": "user", "content": "2"}]), "messages: row {2}: the completion ends with another role: 'user', expected assistant"),
    "mixed-up columns": (swap_prompt_and_completion, "columns: {data}: prompt and completion look mixed up in 8 of 8 rows read"),
    "completions of other rows": (shift_completions, "golds: row {0}: the completion scores: 0, expected 1: gold '1' as number (8 of 8"),
}  # fmt: skip


def expected(text: str, data: Path) -> str:
    for at in range(8):
        text = text.replace(f"{{{at}}}", f"{at:032x}")
    return f"preflight: {text.replace('{data}', str(data))}"


@pytest.mark.parametrize("name", RL)
def test_a_fault_of_an_rl_row_is_one_line(name: str, tmp_path: Path, tiny_model: Path) -> None:
    check("grpo", "rl", rows(), RL[name], tmp_path, tiny_model)


@pytest.mark.parametrize("name", SFT)
def test_a_fault_of_a_cold_start_row_is_one_line(name: str, tmp_path: Path, tiny_model: Path) -> None:
    check("sft", "cold_start", text_rows(), SFT[name], tmp_path, tiny_model)


def check(command: str, config: str, held: Rows, case: Any, data: Path, model: Path) -> None:
    change, text = case
    change(held)
    write(data, config, held)
    flight = Flight(subject(command, data, model, **({"max_length": 90} if command == "sft" else {})))
    lines = [str(problem) for problem in flight.check_data()]
    assert flight.failed
    assert [line for line in lines if line.startswith(expected(text, data))], lines
    assert all("\n" not in line for line in lines)


def whole(data: Path) -> Path:
    return write(data, "rl", rows()) / "data" / "rl" / "train-00000-of-00001.parquet"


def empty_shard(data: Path) -> None:
    write(data, "rl", rows(), "train-00000-of-00002")
    write(data, "rl", [], "train-00001-of-00002")


def without_a_column(data: Path) -> None:
    path = whole(data)
    pq.write_table(pq.read_table(path).drop_columns("answer"), path)


def of_another_type(data: Path) -> None:
    path = whole(data)
    table = pq.read_table(path)
    at = table.column_names.index("prompt")
    questions = [messages[0]["content"] for messages in table["prompt"].to_pylist()]
    pq.write_table(table.set_column(at, "prompt", [questions]), path)


FILES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no split": (lambda data: None, "shards: {data}: no split 'train' in {data}; found: no Parquet shards"),
    "schema of the future": (lambda data: write(data, "rl", rows(), version="3"), "schema: {file}: ovr.schema_version 3, expected 1 or 2; read it with the release that wrote it"),
    "no schema": (lambda data: write(data, "rl", rows(), version="none"), "schema: {file}: ovr.schema_version none, expected 1 or 2; was it made by ovr-curate?"),
    "empty shard": (empty_shard, "shards: {folder}/train-00001-of-00002.parquet: no rows"),
    "a file of the split is missing": (lambda data: write(data, "rl", rows(), "train-00001-of-00002"), "shards: {data}: {folder}: 1 files of 2: number 00000 is missing"),
    "two builds in one folder": (lambda data: (whole(data), write(data, "rl", rows(), "train-00000-of-00002")), "shards: {data}: {folder}: files of several builds lie together: -of- [1, 2]"),
    "a cut file": (lambda data: whole(data).write_bytes(whole(data).read_bytes()[:-100]), "shards: {file}: not a whole Parquet file"),
    "no column": (without_a_column, "schema: {file}: no column 'answer', which a rl shard needs; it has prompt, completion"),
    "a column of another type": (of_another_type, "schema: {file}: column 'prompt' is string, expected list<"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_fault_of_a_file_is_one_line(name: str, tmp_path: Path, tiny_model: Path) -> None:
    plant, text = FILES[name]
    plant(tmp_path)
    folder = tmp_path / "data" / "rl"
    names = {"{file}": str(folder / "train-00000-of-00001.parquet"), "{folder}": str(folder), "{data}": str(tmp_path)}
    for mark, value in names.items():
        text = text.replace(mark, value)
    flight = Flight(subject("grpo", tmp_path, tiny_model))
    lines = [str(problem) for problem in flight.check_data()]
    assert len(lines) == 1
    assert lines[0].startswith(f"preflight: {text}")
