"""Conversations of a table: roles, content parts, pictures in them, and paths that would leave turns out."""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from curation.core.row import Row
from curation.normalise import Normalise
from curation.normalise.step import normalise_text
from curation.sources.base import BadRow
from curation.sources.table import Table

TRAIN = {"from": "human", "value": "A train takes 3 hours."}
OKAY = {"from": "gpt", "value": "Noted."}
ASK = {"from": "human", "value": "How many minutes is that?"}
REPLY = {"from": "gpt", "value": "<think>3 * 60</think>180"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, color in (("red", "red"), ("blue", "blue"), ("lime", "lime")):
        Image.new("RGB", (30, 30), color).save(tmp_path / f"{name}.png")
    return tmp_path


def read(folder: Path, conversation: Any, question: str = "c", images: Any = None, **fields: Any) -> Row | BadRow:
    (folder / "rows.json").write_text(json.dumps([{"c": conversation, "a": "180", "i": images}]))
    mapping = {"question": question, "answer": "a", **fields} | ({"images": "i"} if images is not None else {})
    source = Table.model_validate({"kind": "table", "name": "t", "path": str(folder / "rows.json"), "fields": mapping})
    (row,) = source.read(0)
    return row


def prompt(row: Row | BadRow) -> list[tuple[str, str]]:
    assert isinstance(row, Row), row
    return [(turn.role, turn.content) for turn in row.prompt]


def colors(row: Row | BadRow) -> list[str]:
    names = {(255, 0, 0): "red", (0, 0, 255): "blue", (0, 255, 0): "lime"}
    assert isinstance(row, Row), row
    return [names[Image.open(io.BytesIO(data)).getpixel((0, 0))] for data in row.images]  # type: ignore[index]


def user(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": p} if isinstance(p, str) else p for p in parts]}]


@pytest.mark.parametrize(
    ("conversation", "expected", "completion"),
    [
        ([ASK], [("user", ASK["value"])], ""),
        ([ASK, REPLY], [("user", ASK["value"])], REPLY["value"]),
        ([TRAIN, OKAY, ASK, REPLY], [("user", TRAIN["value"]), ("assistant", "Noted."), ("user", ASK["value"])], REPLY["value"]),
        ([TRAIN, OKAY, ASK], [("user", TRAIN["value"]), ("assistant", "Noted."), ("user", ASK["value"])], ""),
        ([{"from": "system", "value": "Count in base 9."}, ASK], [("system", "Count in base 9."), ("user", ASK["value"])], ""),
        ([{"role": "developer", "content": "Base 9."}, {"role": "user", "content": "3 * 60?"}], [("system", "Base 9."), ("user", "3 * 60?")], ""),
        ([{"role": "user", "content": "3 * 60?"}, {"role": "assistant", "content": "180", "reasoning_content": "easy"}],
         [("user", "3 * 60?")], "<think>easy</think>\n180"),
        (user("Three hours.", "How many minutes?"), [("user", "Three hours.\nHow many minutes?")], ""),
        ([{"role": "user", "content": ["3 * 60?"]}], [("user", "3 * 60?")], ""),
        ([{"role": "user", "content": [{"type": "input_text", "text": "3 * 60?"}]}], [("user", "3 * 60?")], ""),
        ({"role": "user", "content": "3 * 60?"}, [("user", "3 * 60?")], ""),
        (json.dumps([ASK, REPLY]), [("user", ASK["value"])], REPLY["value"]),
        (str([ASK, REPLY]), [("user", ASK["value"])], REPLY["value"]),
        ("What is [{'role': 1}]?", [("user", "What is [{'role': 1}]?")], ""),
    ],
)  # fmt: skip
def test_turns_by_role(folder: Path, conversation: Any, expected: list[tuple[str, str]], completion: str) -> None:
    row = read(folder, conversation)
    assert prompt(row) == expected
    assert isinstance(row, Row)
    assert row.completion == completion


@pytest.mark.parametrize(
    ("conversation", "reason"),
    [
        ([OKAY], "question_missing"),
        ([{"from": "human", "value": " "}], "question_missing"),
        ([{"from": "human", "value": None}], "conversation_unreadable"),
        ([ASK, {"from": "observation", "value": "180"}], "conversation_unreadable"),
        ([ASK, {"role": "assistant", "content": None, "tool_calls": []}], "conversation_unreadable"),
        ([ASK, REPLY, {"from": "system", "value": "Well done."}], "conversation_unreadable"),
        ([ASK, REPLY, REPLY], "conversation_unreadable"),
        (user({"type": "video", "video": "a.mp4"}, "How long?"), "conversation_unreadable"),
        (user({"type": "image", "image": "none.png"}, "What?"), "picture_missing"),
        (user({"type": "image_url", "image_url": {"url": "https://host/a.png"}}, "What?"), "picture_is_url"),
        (user({"type": "image"}, "What?"), "placeholder_count"),
        (["How many?"], "question_not_text"),
        ([{"text": None}], "question_not_text"),
    ],
)
def test_what_has_no_place_in_a_prompt_is_a_counted_drop(folder: Path, conversation: Any, reason: str) -> None:
    row = read(folder, conversation)
    assert isinstance(row, BadRow)
    assert row.reason == reason


RED, BLUE, LIME = ({"type": "image", "image": f"{name}.png"} for name in ("red", "blue", "lime"))


@pytest.mark.parametrize(
    ("conversation", "images", "text", "expected"),
    [
        (user(RED, "What colour?"), None, "What colour?", ["red"]),
        (user("Is ", RED, " darker than ", BLUE, "?"), None, "Is <image> darker than <image>?", ["red", "blue"]),
        (user("Is", RED, "darker than", BLUE, "?"), None, "Is <image> darker than <image>?", ["red", "blue"]),
        (user("What colour?", RED), None, "What colour?<image>", ["red"]),
        (user({"type": "image_url", "image_url": {"url": "red.png"}}, "What?"), None, "What?", ["red"]),
        (user({"type": "input_image", "image_url": "red.png"}, "What?"), None, "What?", ["red"]),
        ([{"role": "user", "content": [{"image": "red.png"}, {"text": "What?"}]}], None, "What?", ["red"]),
        (user({"type": "image"}, "What?"), ["red.png"], "What?", ["red"]),
        (user("Is ", {"type": "image"}, " ", BLUE, "?"), ["red.png"], "Is <image> <image>?", ["red", "blue"]),
        (user({"type": "image", "index": 1}, "or", {"type": "image", "index": 0}), ["red.png", "blue.png"], "<image>or <image>", ["blue", "red"]),
        (user(RED, "What?"), ["red.png"], "What?", ["red"]),
        ([{"from": "human", "value": "<image>\nWhat?"}], ["red.png"], "What?", ["red"]),
        ([{"from": "human", "value": "Is <image> or <image> darker?"}], ["red.png", "blue.png"], "Is <image> or <image> darker?", ["red", "blue"]),
        ([{"role": "user", "content": "What?"}], [{"image": "red.png"}], "What?", ["red"]),
    ],
)  # fmt: skip
def test_pictures_of_parts_stand_at_their_places(
    folder: Path, conversation: Any, images: Any, text: str, expected: list[str]
) -> None:
    row = read(folder, conversation, images=images)
    assert colors(row) == expected
    assert isinstance(row, Row)
    done = normalise_text(Normalise(), row)
    assert isinstance(done, Row)
    assert (done.question, colors(done)) == (text, expected)


@pytest.mark.parametrize(
    ("conversation", "images"),
    [
        (user(RED, "What?"), ["blue.png"]),
        (user({"type": "image"}, "What?"), ["red.png", "blue.png"]),
        (user({"type": "image"}, {"type": "image"}, "What?"), ["red.png"]),
        ([{"from": "human", "value": "<image> or <image>?"}], ["red.png"]),
        ([{"from": "human", "value": "<image>?"}], ["red.png", "blue.png"]),
    ],
)
def test_parts_and_images_that_differ_in_number_are_a_counted_drop(
    folder: Path, conversation: Any, images: Any
) -> None:
    row = read(folder, conversation, images=images)
    ended = normalise_text(Normalise(), row) if isinstance(row, Row) else row
    assert not isinstance(ended, Row)
    assert ended.reason == "placeholder_count"


def test_pictures_of_earlier_turns_are_kept_there(folder: Path) -> None:
    conversation = [
        *user(RED, "This is one."),
        {"role": "assistant", "content": "Yes."},
        *user("Is", BLUE, "the same?"),
    ]
    row = read(folder, conversation)
    assert prompt(row)[0] == ("user", "<image>This is one.")
    done = normalise_text(Normalise(), row)  # type: ignore[arg-type]
    assert prompt(done) == [("user", "<image>This is one."), ("assistant", "Yes."), ("user", "Is <image> the same?")]  # type: ignore[arg-type]
    assert colors(done) == ["red", "blue"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "conversation", "fields", "expected"),
    [
        ("c.0.value", [ASK, REPLY], {}, ASK["value"]),
        ("c.-2.value", [ASK, REPLY], {}, ASK["value"]),
        ("c.1.value", [{"from": "system", "value": "Be brief."}, ASK, REPLY], {}, ASK["value"]),
        ("c.0.value", [ASK, REPLY, TRAIN, OKAY], {"completion": "c.1.value"}, ASK["value"]),
        ("{c.2.value}", [TRAIN, OKAY, ASK, REPLY], {}, ASK["value"]),
        ("{c.0.value}\n{c.2.value}", [TRAIN, OKAY, ASK], {}, TRAIN["value"] + "\n" + ASK["value"]),
        ("c.2.value", [TRAIN, OKAY, ASK, REPLY], {}, "turns_lost"),
        ("c.-2.value", [TRAIN, OKAY, ASK, REPLY], {}, "turns_lost"),
        ("c.-1.value", [TRAIN, OKAY, ASK], {}, "turns_lost"),
        ("c.0.value", [TRAIN, OKAY, ASK, REPLY], {}, "turns_lost"),
        ("c.0.value", [TRAIN, OKAY, ASK, REPLY], {"completion": "c.-1.value"}, "turns_lost"),
        ("c.0.value", [{"from": "system", "value": "Be brief."}, ASK, REPLY], {}, "question_not_users"),
        ("c.1.value", [ASK, REPLY], {}, "question_not_users"),
        ("c.-1", [ASK, REPLY], {}, "question_not_users"),
        ("c.0.content", user("3 * 60?"), {}, "3 * 60?"),
        ("c.2.content", [*user("Three hours."), {"role": "assistant", "content": "Yes."}, *user("In minutes?")], {}, "turns_lost"),
    ],
)  # fmt: skip
def test_a_path_to_one_turn_leaves_no_other_out(
    folder: Path, question: str, conversation: Any, fields: dict[str, str], expected: str
) -> None:
    row = read(folder, conversation, question, **fields)
    assert (row.question if isinstance(row, Row) else row.reason) == expected


def test_answers_and_traces_may_be_parts(folder: Path) -> None:
    conversation = [*user("3 * 60?"), {"role": "assistant", "content": [{"type": "text", "text": "180"}]}]
    row = read(folder, conversation, answer="c.-1.content", completion="c.1")
    assert isinstance(row, Row)
    assert (row.answer, row.completion) == ("180", "180")


def test_a_completion_of_messages_is_the_assistants_turn(folder: Path) -> None:
    said = [{"role": "user", "content": "3 * 60?"}, {"role": "assistant", "content": "180"}]
    assert read(folder, said, completion="c").completion == "180"  # type: ignore[union-attr]
    ended = read(folder, [*said, *said], completion="c")
    assert isinstance(ended, BadRow)
    assert ended.reason == "conversation_unreadable"


def test_conversations_of_a_parquet_file(folder: Path) -> None:
    part = {"type": "image", "text": None, "image": {"bytes": (folder / "red.png").read_bytes(), "path": None}}
    text = {"type": "text", "text": "What colour?", "image": None}
    rows = [{"prompt": [{"role": "user", "content": [part, text]}], "gold": {"truth": "red"}}]
    pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")
    fields = {"question": "prompt", "answer": "gold.truth"}
    source = Table.model_validate({"kind": "table", "path": str(folder / "rows.parquet"), "fields": fields})
    (row,) = source.read(0)
    assert (prompt(row), colors(row)) == ([("user", "<image>What colour?")], ["red"])
    assert [*source.inputs()] == ["rows.parquet"]  # its images are in it


def test_images_that_messages_name_are_digested(folder: Path) -> None:
    read(folder, user(RED, "What?"))
    source = Table.model_validate({"kind": "table", "path": str(folder / "rows.json"), "fields": {"question": "c"}})
    before = source.inputs()
    Image.new("RGB", (90, 90), "red").save(folder / "red.png")
    assert source.inputs() != before
