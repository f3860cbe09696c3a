"""A small released set whose rows have every shape that an export must keep, and what each row is, said by hand."""

import io
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from PIL import Image, ImageDraw

from curation.core.parquet import AtomicParquetWriter
from curation.core.row import Config, Message, Row, make_row
from curation.core.schema import ROW, Column, released_record, released_schema
from curation.sampling.engines.conversation import decode_image

Parts = list[str | bytes]
"""The texts and the images of a message, in order."""


class Case(NamedTuple):
    """A row, the config and split that it is in, and its messages as a model is to see them."""

    row: Row
    config: Config
    split: str
    messages: list[tuple[str, Parts]]


def picture(
    color: str, kind: str = "PNG", mode: str = "RGB", turned: bool = False, size: tuple[int, int] = (40, 24)
) -> bytes:
    """An image that is not the same when it is turned."""
    image = Image.new(mode, size, color)
    ImageDraw.Draw(image).rectangle((2, 2, 8, 6), fill="white" if mode != "L" else 255)
    file, exif = io.BytesIO(), Image.Exif()
    if turned:
        exif[0x0112] = 6
    image.save(file, kind, exif=exif, **({"quality": 95} if kind == "JPEG" else {}))
    return file.getvalue()


RED, BLUE, GREEN = picture("red"), picture("blue", "JPEG"), picture("green", "WEBP")
TURNED, CLEAR, GREY = picture("red", "JPEG", turned=True), picture("#40608080", mode="RGBA"), picture("gray", mode="L")
HOSTILE = "</script><script>alert(1)</script> \u2028 \x85 \u2029 \x00 ‮ {{ 7*7 }} ${HOME} '); drop table rows; -- \\boxed{99} 图\r\n\t\"'`"


def case(
    name: str, question: str, messages: list[tuple[str, Parts]], images: Iterable[bytes] = (), *, turns: Iterable[Message] = (),
    answer: str = "2", kind: str = "math", options: dict[str, Any] | None = None, config: Config = "rl", split: str = "train",
    **fields: Any,
) -> Case:  # fmt: skip
    row = make_row(
        source=f"of {name}", source_id=f"../{name}", question=question, images=tuple(images), turns=tuple(turns), answer=answer,
        answer_kind=kind, answer_options=options, license="MIT", domain="puzzle", **fields,
    )  # fmt: skip
    return Case(row, config, split, messages)


def user(*parts: str | bytes) -> list[tuple[str, Parts]]:
    return [("user", list(parts))]


SYSTEM = Message("system", "Be brief.")
TALK = (Message("user", "What is in <image>?"), Message("assistant", "A red box."))
CASES = [
    case("text", "What is 1 + 1?", user("What is 1 + 1?")),
    case("one image", "How many?", user(RED, "How many?"), [RED], answer="C", kind="choice", options={"choices": ["1", "swan", "2"]}),
    case("two images", "Compare them.", user(RED, BLUE, "Compare them."), [RED, BLUE]),
    case("placed", "Is <image> in <image>\nor not?", user("Is ", BLUE, " in ", RED, "\nor not?"), [BLUE, RED], split="test"),
    case("same twice", "<image><image>", user(GREEN, GREEN), [GREEN, GREEN]),
    case("system", "Count.", [("system", ["Be brief."]), ("user", [RED, "Count."])], [RED], turns=[SYSTEM]),
    case(
        "turns", "And now?", [("user", ["What is in ", RED, "?"]), ("assistant", ["A red box."]), ("user", ["And now?"])], [RED],
        turns=TALK, split="test",
    ),
    case("two users", "Second.", [("user", ["First."]), ("user", ["Second."])], turns=[Message("user", "First.")]),
    case("boxes", "Where?", user(RED, "Where?"), [RED], answer="[[0, 0, 10, 10]]", kind="boxes", options={"iou": 0.7}),
    case("points", "Where?", user(BLUE, "Where?"), [BLUE], answer="[[5, 5]]", kind="points", options={"max_distance": 3}),
    case("who", "Who is a knave?", user("Who is a knave?"), answer='{"Zoey": "knave"}', kind="assignment", split="dev"),
    case("hostile", HOSTILE, user(HOSTILE), answer=HOSTILE, kind="text", options={"aliases": [HOSTILE]}),
    case("long", "x" * 20_000, user("x" * 20_000)),
    case("turned", "Which way?", user(TURNED, "Which way?"), [TURNED]),
    case("clear", "Which colour?", user(CLEAR, "Which colour?"), [CLEAR]),
    case("grey", "How bright?", user(GREY, "How bright?"), [GREY]),
    case("marks", "What does <video> do, and <bbox>?", user(RED, "What does <video> do, and <bbox>?"), [RED]),
    case("mark of none", "What does <image> do in HTML?", user("What does <image> do in HTML?")),
    case(
        "trace", "What is 1 + 1?", [*user("What is 1 + 1?"), ("assistant", ["<think>\none\n</think>\n\\boxed{2}"])],
        config="cold_start", completion="<think>\none\n</think>\n\\boxed{2}", teacher="t",
    ),
    case(
        "trace of an image", "Is <image> red?", [*user("Is ", RED, " red?"), ("assistant", ["<think>\nit is\n</think>\n\\boxed{2}"])], [RED],
        config="cold_start", completion="<think>\nit is\n</think>\n\\boxed{2}",
    ),
    case(
        "trace with marks", HOSTILE, [*user(HOSTILE), ("assistant", ["Write <image> or <audio>."])],
        config="cold_start", completion="Write <image> or <audio>.", split="test",
    ),
]  # fmt: skip


def write(folder: Path, cases: Iterable[Case] = CASES, rows_per_shard: int = 6) -> Path:
    """The set as `push` releases one, in shards of few rows."""
    members: dict[tuple[Config, str], list[Row]] = {}
    for one in cases:
        members.setdefault((one.config, one.split), []).append(one.row)
    for (config, split), rows in members.items():
        shards = [rows[start : start + rows_per_shard] for start in range(0, len(rows), rows_per_shard)]
        for number, shard in enumerate(shards):
            path = folder / "data" / config / f"{split}-{number:05d}-of-{len(shards):05d}.parquet"
            added = [Column("images", ROW["images"])]  # a cold start with images has them so
            with AtomicParquetWriter(path, released_schema(config, {"build": "b"}, added)) as writer:
                for row in shard:
                    writer.write(released_record(config, row, row.question, added))
    configs = {config: {} for config, _ in members}
    (folder / "summary.json").write_text(json.dumps({"configs": configs}))
    (folder / "manifest.lock.yaml").write_text(
        yaml.safe_dump({"manifest": {"name": "Odd rows/../x"}, "build": {"rl": "b"}})
    )
    return folder


def plain(image: bytes) -> bytes | str:
    """The image as an export has it: the same bytes, or the digest of its pixels where it must be encoded again."""
    return image if image not in (TURNED, CLEAR) else pixels(image)


def pixels(image: bytes) -> str:
    decoded = decode_image(image)
    return f"{decoded.size} {hash(decoded.tobytes())}"


def changed(one: Case, **fields: Any) -> Case:
    return one._replace(row=replace(one.row, **fields))
