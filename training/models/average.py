"""ovr-train average CKPT CKPT... --out DIR

The uniform average of several checkpoints' weights, as the paper makes its released model from late RL checkpoints (4.1).
"""

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WEIGHTS = ("model.safetensors", "model.safetensors.index.json")


def main(argv: Sequence[str]) -> int:
    """Average the checkpoints and write a model folder."""
    parser = argparse.ArgumentParser(prog="ovr-train average", description="Uniform average of checkpoints.")
    parser.add_argument("checkpoints", nargs="+", type=Path, metavar="CKPT", help="model folders of one architecture")
    parser.add_argument("--out", required=True, type=Path, help="folder for the averaged model")
    args = parser.parse_args(argv)
    average(args.checkpoints, args.out)
    print(f"average: {len(args.checkpoints)} checkpoints, saved to {args.out}")
    return 0


def average(checkpoints: Sequence[Path], out: Path) -> None:
    """Write to `out` the mean of the checkpoints' weights, summed in float64; configuration and processor are the first one's.

    Raises:
        FileNotFoundError: a folder has no safetensors weights.
        ValueError: `out` is one of the checkpoints, or their tensors differ in name or shape.
    """
    from safetensors.torch import save_file

    if out.resolve() in {path.resolve() for path in checkpoints}:
        raise ValueError(f"--out {out} is one of the checkpoints")
    first = _weights(checkpoints[0])
    shapes = {name: tensor.shape for name, tensor in first.items()}
    total = {name: tensor.double() for name, tensor in first.items()}
    for path in checkpoints[1:]:
        other = _weights(path)
        if (other_shapes := {name: tensor.shape for name, tensor in other.items()}) != shapes:
            differing = sorted(set(shapes.items()) ^ set(other_shapes.items()))[0][0]
            raise ValueError(f"{path} and {checkpoints[0]} differ in tensor {differing!r}; expected one architecture")
        for name, tensor in other.items():
            total[name] += tensor.double()
    mean = {name: (total[name] / len(checkpoints)).to(tensor.dtype).contiguous() for name, tensor in first.items()}
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(checkpoints[0].iterdir()):
        if path.is_file() and path.suffix in (".json", ".jinja", ".txt", ".model") and path.name not in WEIGHTS:
            shutil.copy(path, out / path.name)
    save_file(mean, out / "model.safetensors", metadata={"format": "pt"})


def _weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    whole, index = (folder / name for name in WEIGHTS)
    if whole.is_file():
        names = [whole.name]
    elif index.is_file():
        names = sorted(set(json.loads(index.read_text())["weight_map"].values()))
    else:
        raise FileNotFoundError(f"{folder} has neither {WEIGHTS[0]} nor {WEIGHTS[1]}")
    weights: dict[str, Any] = {}
    for name in names:
        weights.update(load_file(folder / name))
    return weights
