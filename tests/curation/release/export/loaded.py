"""An export through its trainer's own loader, in an environment that has the trainer, beside the same export by its layout.

`OVR_TRAINERS` is a folder of virtual environments by the names in `LOADERS`; docs/export.md says how to make them.
"""

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from curation.sampling.engines.conversation import decode_image
from tests.curation.release.export.read_back import READERS, ReadRow

HERE = Path(__file__).parent / "loaders"
LOADERS = {
    "verl": "of_verl.py", "ms-swift": "of_swift.py", "llama-factory": "of_llamafactory.py", "openrlhf": "of_openrlhf.py",
    "verifiers": "of_verifiers.py", "nemo-rl": "of_nemo_rl.py",
    "nemo-gym": "of_nemo_gym.py",
}  # fmt: skip


class Row(NamedTuple):
    """Where a row is, and its messages as [role, parts]; a part is ["text", text] or ["image", digest of its pixels]."""

    config: str
    split: str
    id: str
    messages: Any
    gold: tuple[str, ...]


def trainers() -> dict[str, Path]:
    """Trainer -> the Python of its environment, for those that are installed."""
    folder = os.environ.get("OVR_TRAINERS")
    pythons = {kind: Path(folder or "") / kind / "bin" / "python" for kind in LOADERS}
    return {kind: python for kind, python in pythons.items() if folder and python.exists()}


def through_loader(kind: str, python: Path, export: Path, model: Path) -> list[Row]:
    """The rows as the trainer's loader gives them; what the script itself asserts, such as the reward, holds too."""
    argument = str(export)
    if kind == "verifiers":
        (package,) = (path.parent.name for path in export.glob("*/taskset.py"))
        command = [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--force-reinstall",
            "--disable-pip-version-check",
            export,
        ]
        subprocess.run(command, check=True, capture_output=True, cwd=export.parent)
        argument = package
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONPATH"
    }  # exports bring the reward
    environment |= {"HF_HUB_OFFLINE": "1", "USE_HF": "1"}
    command = [python, HERE / LOADERS[kind], argument, model]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=export.parent)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [json.loads(line.removeprefix("ROW ")) for line in done.stdout.split("\n") if line.startswith("ROW ")]
    return [
        Row(
            row["config"],
            row["split"],
            row["id"],
            row["messages"],
            tuple((row["gold"] or {}).get(name, "") for name in GOLD),
        )
        for row in rows
    ]


GOLD = ("answer", "answer_kind", "answer_options")


def by_layout(kind: str, export: Path) -> list[Row]:
    """The rows as the export's files have them."""
    return [_row(row) for row in READERS[kind](export)]


def _row(row: ReadRow) -> Row:
    messages = [[role, [part_of(part) for part in parts]] for role, parts in row.messages]
    return Row(row.config, row.split, row.id, messages, row.gold)


def part_of(part: str | bytes) -> list[str]:
    if isinstance(part, str):
        return ["text", part]
    return ["image", pixels_of(decode_image(part))]


def pixels_of(image: Any) -> str:
    rgb = image.convert("RGB")
    return hashlib.sha256(f"{rgb.size}".encode() + rgb.tobytes()).hexdigest()[:16]


def differences(found: list[Row], wanted: list[Row]) -> list[str]:
    """What a loader made otherwise than the layout says. OpenRLHF's gives the prompt inside its chat template, images beside it."""
    if [row[:3] for row in sorted(found)] != [row[:3] for row in sorted(wanted)]:
        missing = {row[:3] for row in wanted} ^ {row[:3] for row in found}
        return [f"{len(found)} rows, expected {len(wanted)}: {sorted(missing)[:5]}"]
    by_place = {row[:3]: row for row in wanted}
    return [f"{row[:3]}: {why}" for row in found if (why := _difference(row, by_place[row[:3]]))]


def _difference(found: Row, wanted: Row) -> str:
    if found.gold != wanted.gold and any(found.gold):
        return f"gold {found.gold}, expected {wanted.gold}"
    if found.messages and isinstance(found.messages[0], str):
        return _templated(found, wanted)
    return "" if found.messages == wanted.messages else f"{found.messages}, expected {wanted.messages}"


def _templated(found: Row, wanted: Row) -> str:
    prompt, other = found.messages
    parts = [part for _, parts in wanted.messages for part in parts]
    images = [value for kind, value in parts if kind == "image"]
    if isinstance(other, list) and other != images:
        return f"images {other}, expected {images}"
    text, start = prompt + (other if isinstance(other, str) else ""), 0
    for kind, value in parts:
        piece = value.strip() if kind == "text" else "<|image_pad|>"
        if (at := text.find(piece, start)) < 0:
            return f"{text!r} has no {piece!r} after {start}"
        start = at + len(piece)
    return ""
