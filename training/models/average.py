"""ovr-train average CKPT CKPT... --out DIR [--weights 1 2 1] [--dtype float32]

The average of several checkpoints' weights, as the paper makes its released model from late RL checkpoints (4.1): uniform, or weighted.
Tensors are read one at a time, summed in float64 and written in files of at most 5 GB, so that memory holds one file and not the models.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from math import prod
from pathlib import Path
from typing import Any

from training.models.adapters import copy_processor, is_adapter
from training.runs.checkpoints import safetensors_fault, weight_files

FILE_BYTES = 5 * 10**9
BYTES = {"F64": 8, "F32": 4, "BF16": 2, "F16": 2}
DTYPES = {"float64": "F64", "float32": "F32", "bfloat16": "BF16", "float16": "F16"}


def main(argv: Sequence[str]) -> int:
    """Average the checkpoints and write a model folder."""
    parser = argparse.ArgumentParser(
        prog="ovr-train average", description="Uniform or weighted average of checkpoints."
    )
    parser.add_argument("checkpoints", nargs="+", type=Path, metavar="CKPT", help="model folders of one architecture")
    parser.add_argument("--out", required=True, type=Path, help="folder for the averaged model")
    parser.add_argument(
        "--weights", nargs="+", type=float, metavar="W", help="a weight for each; default: all the same"
    )
    parser.add_argument(
        "--dtype", choices=list(DTYPES), help="default: the checkpoints' own, float32 where they differ"
    )
    args = parser.parse_args(argv)
    dtype = average(args.checkpoints, args.out, args.weights, args.dtype)
    print(f"average: {len(args.checkpoints)} checkpoints, saved to {args.out} in {dtype}")
    return 0


def average(
    checkpoints: Sequence[Path],
    out: Path,
    weights: Sequence[float] | None = None,
    dtype: str | None = None,
    file_bytes: int = FILE_BYTES,
) -> str:
    """Write to `out` the mean of the checkpoints' weights; configuration and processor are the first one's. The dtypes written.

    Raises:
        FileNotFoundError: a folder has no safetensors weights.
        ValueError: `out` is one of the checkpoints, one is an adapter or is cut, their tensors differ in name or shape, or the weights are
            not one positive sum over the checkpoints.
    """
    shares = _shares(checkpoints, weights)
    if out.resolve() in {path.resolve() for path in checkpoints}:
        raise ValueError(f"--out {out} is one of the checkpoints")
    with ExitStack() as stack:
        models = [_Weights(path, stack) for path in checkpoints]
        for other in models[1:]:
            _must_agree(models[0], other)
        written = {name: _written_dtype([model.dtypes[name] for model in models], dtype) for name in models[0].shapes}
        out.mkdir(parents=True, exist_ok=True)
        copy_processor(checkpoints[0], out)
        _copy_configuration(checkpoints[0], out, {code for code in written.values() if code in BYTES})
        _write(models, shares, written, out, file_bytes)
    return ", ".join(sorted(name for name, code in DTYPES.items() if code in set(written.values())))


def _copy_configuration(folder: Path, out: Path, codes: set[str]) -> None:
    """Copy what describes the model; the dtype in it is the one that is written, by which others load it."""
    names = [name for name, code in DTYPES.items() if code in codes]
    for name in ("config.json", "generation_config.json"):
        if (folder / name).is_file():
            config = json.loads((folder / name).read_text())
            for part in (config, *(value for value in config.values() if isinstance(value, dict))):
                part.update({key: names[0] for key in ("dtype", "torch_dtype") if key in part and len(names) == 1})
            (out / name).write_text(json.dumps(config, indent=2) + "\n")


class _Weights:
    """The tensors of a model folder, by name, read on demand."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        from safetensors import safe_open

        if is_adapter(str(folder)):
            raise ValueError(f"{folder} is an adapter; ovr-train merge makes a model of it")
        files = [path for path in weight_files(folder) if path.suffix == ".safetensors"]
        if not files:
            raise FileNotFoundError(f"{folder} has neither model.safetensors nor model.safetensors.index.json")
        self.folder = folder
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.dtypes: dict[str, str] = {}
        self._file_of: dict[str, Any] = {}
        for path in files:
            if not path.is_file():
                raise FileNotFoundError(f"{path}, which its index names, is missing")
            if fault := safetensors_fault(path):
                raise ValueError(f"{folder}: {fault}")
            file = stack.enter_context(safe_open(path, framework="pt"))
            for name in file.keys():  # noqa: SIM118
                part = file.get_slice(name)
                self.shapes[name], self.dtypes[name] = tuple(part.get_shape()), part.get_dtype()
                self._file_of[name] = file

    def tensor(self, name: str) -> Any:
        return self._file_of[name].get_tensor(name)


def _shares(checkpoints: Sequence[Path], weights: Sequence[float] | None) -> list[float]:
    given = list(weights or [1.0] * len(checkpoints))
    if len(given) != len(checkpoints):
        raise ValueError(f"--weights has {len(given)} numbers for {len(checkpoints)} checkpoints")
    if min(given) < 0 or not 0 < sum(given) < float("inf"):
        raise ValueError(f"--weights {' '.join(map(str, given))}: expected numbers from 0 whose sum is above 0")
    return [weight / sum(given) for weight in given]


def _must_agree(first: _Weights, other: _Weights) -> None:
    if differing := sorted(set(first.shapes.items()) ^ set(other.shapes.items())):
        raise ValueError(
            f"{other.folder} and {first.folder} differ in tensor {differing[0][0]!r}; expected one architecture"
        )


def _written_dtype(codes: Sequence[str], dtype: str | None) -> str:
    """The code in which a tensor is written: integers and the like as they are, floats as asked, or as they are where all agree."""
    if codes[0] not in BYTES:
        return codes[0]
    return DTYPES[dtype] if dtype else codes[0] if len(set(codes)) == 1 else "F32"


def _write(
    models: Sequence[_Weights], shares: Sequence[float], written: dict[str, str], out: Path, file_bytes: int
) -> None:
    from safetensors.torch import save_file

    for stale in (*out.glob("model*.safetensors"), *out.glob("model*.safetensors.index.json")):
        stale.unlink()
    groups = list(_groups(models[0].shapes, written, file_bytes))
    n_files = len(groups)
    numbered = [f"model-{number:05d}-of-{n_files:05d}.safetensors" for number in range(1, n_files + 1)]
    names = numbered if n_files > 1 else ["model.safetensors"]
    for file, group in zip(names, groups, strict=True):
        tensors = {name: _mean(models, shares, name, written[name]) for name in group}
        save_file(tensors, out / file, metadata={"format": "pt"})
    if n_files > 1:
        weight_map = {name: file for file, group in zip(names, groups, strict=True) for name in group}
        total = sum(_n_bytes(models[0].shapes[name], code) for name, code in written.items())
        index = {"metadata": {"total_size": total}, "weight_map": weight_map}
        (out / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")


def _mean(models: Sequence[_Weights], shares: Sequence[float], name: str, code: str) -> Any:
    import torch

    if code not in BYTES:
        return models[0].tensor(name)
    total: Any = sum(share * model.tensor(name).double() for share, model in zip(shares, models, strict=True))
    dtype = next(name for name, each in DTYPES.items() if each == code)
    return total.to(getattr(torch, dtype)).contiguous()


def _groups(shapes: dict[str, tuple[int, ...]], written: dict[str, str], file_bytes: int) -> Iterator[list[str]]:
    """Names that share a file, in the order of names."""
    group: list[str] = []
    size = 0
    for name in sorted(shapes):
        n_bytes = _n_bytes(shapes[name], written[name])
        if group and size + n_bytes > file_bytes:
            yield group
            group, size = [], 0
        group.append(name)
        size += n_bytes
    yield group


def _n_bytes(shape: tuple[int, ...], code: str) -> int:
    return prod(shape) * BYTES.get(code, 8)
