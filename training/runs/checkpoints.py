"""Which checkpoint a run goes on from: the one that is named, or the newest that is whole. Loads neither torch nor transformers."""

import json
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STATE = "trainer_state.json"
RECORD = "ovr_run.json"
INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
WEIGHTS = ("model.safetensors", "adapter_model.safetensors", "pytorch_model.bin", "adapter_model.bin")
FOLDER = re.compile(r"checkpoint-(\d+)")


def checkpoint_to_resume(chosen: str | bool | None, output_dir: Path) -> tuple[Path | None, list[str]]:
    """The checkpoint that `--resume_from_checkpoint true|latest|PATH` means, None for a run that begins anew, and lines to print.

    `true` and `latest` are the newest whole checkpoint of `output_dir`, and a new run where there is none at all. The lines say what was
    passed over, and why.

    Raises:
        FileNotFoundError: the path is no folder.
        ValueError: the checkpoint is not whole, or none of those in `output_dir` is; or `output_dir` has checkpoints that this run would be
            mixed with.
    """
    of_earlier_run = _newest_first(output_dir)
    if chosen is None or str(chosen).lower() in ("false", "none", ""):
        if of_earlier_run:
            raise ValueError(
                f"{output_dir} has checkpoints of an earlier run, the newest is {of_earlier_run[0].name}: go on from it with "
                "--resume_from_checkpoint latest, give another --output_dir, or remove them; the two would be mixed"
            )
        return None, []
    if str(chosen).lower() not in ("true", "latest"):
        path = Path(str(chosen))
        if not path.is_dir():
            raise FileNotFoundError(
                f"--resume_from_checkpoint: no folder {path}; expected true, latest or a checkpoint's folder"
            )
        if fault := fault_of(path):
            raise ValueError(f"--resume_from_checkpoint: {path} is not a whole checkpoint: {fault}")
        if of_earlier_run and path.resolve().parent != output_dir.resolve():
            raise ValueError(
                f"{output_dir} has checkpoints of another run than {path}, the newest is {of_earlier_run[0].name}; give another "
                "--output_dir or remove them; the two would be mixed"
            )
        return path, []
    passed: list[str] = []
    for path in of_earlier_run:
        if not (fault := fault_of(path)):
            return path, passed
        passed.append(f"passed over {path}, which is not whole: {fault}")
    if passed:
        raise ValueError(f"no checkpoint in {output_dir} is whole; {passed[0]}; remove them to begin anew")
    return None, [f"no checkpoint in {output_dir} yet: the run begins at step 0"]


def fault_of(folder: Path) -> str | None:
    """What a checkpoint lacks to go on from, None where it is whole: trainer state, weights of their full size, optimizer, RNG."""
    try:
        state = json.loads((folder / STATE).read_text())
        state["global_step"] + 0
    except FileNotFoundError:
        return f"no {STATE}, which is written last"
    except (ValueError, KeyError, TypeError):
        return f"{STATE} is not a trainer's state"
    if is_sharded_by_a_backend(folder):
        return None
    faults = [*_weight_faults(folder), *_state_faults(folder)]
    return faults[0] if faults else None


def is_sharded_by_a_backend(folder: Path) -> bool:
    """Whether FSDP or DeepSpeed wrote the checkpoint in folders of its own, which they check when they load it."""
    return any(folder.glob("pytorch_model_fsdp*")) or any(folder.glob("global_step*"))


def weight_files(folder: Path) -> list[Path]:
    """The files with weights directly in a folder, those of its index where it has one.

    Raises:
        ValueError: the index cannot be read.
    """
    for name in INDEXES:
        if (folder / name).is_file():
            try:
                return [
                    folder / file
                    for file in sorted(set(json.loads((folder / name).read_text())["weight_map"].values()))
                ]
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"{folder / name} is not an index of weights") from error
    return [folder / name for name in WEIGHTS if (folder / name).is_file()]


def safetensors_fault(path: Path) -> str | None:
    """What is wrong with a safetensors file, judged by its header and its length (the format: 8 bytes of length, JSON, tensors)."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (n_header,) = struct.unpack("<Q", file.read(8))
            header: dict[str, Any] = json.loads(file.read(n_header)) if n_header < size else {}
        ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
    except (struct.error, ValueError, KeyError, TypeError, AttributeError):
        return f"{path.name} is not a safetensors file"
    if not ends or size != (expected := 8 + n_header + max(ends)):
        return f"{path.name} has {size:,} bytes" + (f", expected {expected:,}: it is cut" if ends else ", no tensors")
    return None


def _newest_first(output_dir: Path) -> list[Path]:
    found = [
        (int(match[1]), path) for path in output_dir.glob("checkpoint-*") if (match := FOLDER.fullmatch(path.name))
    ]
    return [path for _, path in sorted(found, reverse=True)]


def _weight_faults(folder: Path) -> Iterator[str]:
    try:
        files = weight_files(folder)
    except ValueError as error:
        yield str(error)
        return
    if not files:
        yield "no weights"
    for path in files:
        if not path.is_file():
            yield f"{path.name}, which its index names, is missing"
        elif path.suffix == ".safetensors" and (fault := safetensors_fault(path)):
            yield fault


def _state_faults(folder: Path) -> Iterator[str]:
    for name in ("optimizer.pt", "scheduler.pt"):
        path = folder / name
        if not path.is_file():
            yield f"no {name} (--save_only_model leaves it out)"
        elif not zipfile.is_zipfile(path):
            yield f"{name} is cut"
    states = sorted(folder.glob("rng_state*.pth"))
    if len(states) < (n_processes := _n_processes(folder)):
        yield f"random numbers (rng_state*.pth) of {len(states)} processes, expected {n_processes}"
    for path in states:
        if not zipfile.is_zipfile(path):
            yield f"{path.name} is cut"


def _n_processes(folder: Path) -> int:
    """How many processes wrote the checkpoint, as its record says; 1 where it has none."""
    try:
        return int(json.loads((folder / RECORD).read_text())["order"]["world_size"])
    except (OSError, ValueError, KeyError, TypeError):
        return 1
