"""What identifies a model: a name and a revision that change when the weights, the tokenizer or the configuration change."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from curation.core.errors import SamplingError, first_line

_MODEL_FILES = (".safetensors", ".bin", ".pt", ".gguf", ".json", ".jinja", ".txt", ".model", ".tiktoken")
_TRAINING_STATE = re.compile(
    r"^(optimizer|scheduler|scaler|rng_state.*|training_args|trainer_state|ovr_run|.*_results)\.\w+$"
)
_COMMIT = re.compile(r"^[0-9a-f]{40}$")


def model_identity(model: str, revision: str | None = None) -> tuple[str, str]:
    """(model, revision) of a folder or of a name on the Hub.

    A folder is called by its own name, not by its path, so that a build moved elsewhere keeps its rollouts; its
    revision is the hash of its files. A name on the Hub has the commit that `revision` (default: main) points at.

    Raises:
        SamplingError: no such model, or no way to find out its commit.
    """
    if (folder := model_folder(model)) is not None:
        return folder.resolve().name, folder_revision(folder)
    if revision is not None and _COMMIT.match(revision):
        return model, revision
    return model, _hub_commit(model, revision)


def model_folder(model: str) -> Path | None:
    """The folder of a model, None for what can only be a name on the Hub. Reads no weights.

    Raises:
        SamplingError: a folder without `config.json`, or a path where no folder is.
    """
    folder = Path(model)
    if folder.is_dir():
        _must_have(folder, "config.json")
        return folder
    if folder.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        raise SamplingError(f"model {model!r} is neither a folder nor a name on the Hub")
    return None


def folder_revision(folder: Path, must_have: str = "config.json") -> str:
    """Hash of the model files that lie directly in `folder` (weights, configuration, tokenizer), 16 hex digits.

    What a trainer leaves beside them (optimizer, trainer state, logs, checkpoints below) is left out.

    Raises:
        SamplingError: the folder has no file `must_have`.
    """
    _must_have(folder, must_have)
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(folder.iterdir()):
        if path.suffix not in _MODEL_FILES or not path.is_file() or _TRAINING_STATE.match(path.name):
            continue
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "blake2b")
        digest.update(f"{path.name}\0{content.hexdigest()}\0".encode())
    return digest.hexdigest()


def options_digest(options: Mapping[str, object]) -> str:
    """Hash of options that change what a model says, 8 hex digits, whatever the order of their keys.

    >>> options_digest({"a": 1, "b": 2}) == options_digest({"b": 2, "a": 1})
    True
    """
    return hashlib.blake2b(json.dumps(options, sort_keys=True).encode(), digest_size=4).hexdigest()


def _must_have(folder: Path, name: str) -> None:
    if not (folder / name).is_file():
        if (folder / "adapter_config.json").is_file():
            raise SamplingError(
                f"{str(folder)!r} is an adapter, not a model: merge it first, ovr-train merge {folder} --out DIR"
            )
        raise SamplingError(f"model folder {str(folder)!r} has no {name}")


def _hub_commit(model: str, revision: str | None) -> str:
    """The commit behind a branch or tag: asked of the Hub, or of the local cache when offline."""
    from huggingface_hub import HfApi, try_to_load_from_cache

    try:
        if commit := HfApi().model_info(model, revision=revision).sha:
            return str(commit)
        reason = "the Hub names no commit"
    except Exception as error:  # the Hub's own, its HTTP library's, the system's: none of them is a commit
        reason = first_line(error)
    cached = try_to_load_from_cache(model, "config.json", revision=revision)
    if isinstance(cached, str | os.PathLike):
        return Path(cached).parent.name
    where = f"model {model!r}, revision {revision or 'main'}: {reason}"
    raise SamplingError(f"cannot find out the commit of {where} (a folder or a 40-digit revision needs no Hub)")
