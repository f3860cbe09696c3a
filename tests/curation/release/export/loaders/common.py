"""What the scripts beside this one print: rows as a trainer's own loader gives them. They run in that trainer's environment, without ours.

    python of_verl.py EXPORT MODEL > rows.jsonl

A line is {split, id, messages, gold}: a message is [role, parts], a part a text or the digest of an image's pixels.
"""

import hashlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

from PIL import Image

EXPORT, MODEL = (Path(argument).resolve() for argument in (*sys.argv[1:3], ".", ".")[:2])
GOLD = ("answer", "answer_kind", "answer_options")


def pixels(image: Any) -> str:
    """The digest of an image: given as an image, bytes or a path."""
    if isinstance(image, bytes):
        image = Image.open(io.BytesIO(image))
    elif isinstance(image, str):
        image = Image.open(EXPORT / image)
    image = image.convert("RGB")
    return hashlib.sha256(f"{image.size}".encode() + image.tobytes()).hexdigest()[:16]


def parts(text: str, images: list[Any]) -> list[list[str]]:
    """A text with places as parts; takes the images that it places from the list."""
    found = []
    for piece in re.split("(<image>)", text):
        if piece == "<image>":
            found.append(["image", pixels(images.pop(0))])
        elif piece:
            found.append(["text", piece])
    return found


def placed(messages: list[dict[str, str]], images: list[Any]) -> list[list[Any]]:
    """Messages with places as [role, parts]."""
    rest = list(images)
    given = [[message["role"], parts(message["content"], rest)] for message in messages]
    assert not rest, "images without a place"
    return given


def say(config: str, split: str, row_id: str, messages: list[Any], gold: dict[str, Any] | None = None) -> None:
    """Print a row."""
    row = {"config": config, "split": split, "id": row_id, "messages": messages, "gold": gold}
    print(f"ROW {json.dumps(row)}")


def files(ending: str) -> list[tuple[str, str, Path]]:
    """Config, split and path of every file of rows."""
    found = [
        (config, path.stem.removeprefix(f"{config}_"), path)
        for config in ("rl", "cold_start")
        for path in sorted(EXPORT.glob(f"{config}_*.{ending}"))
    ]
    assert found, f"no *.{ending} in {EXPORT}"
    return found
