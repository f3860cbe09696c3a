"""Sequences that are split over several GPUs (`parallelism_config` of TRL's configurations), from a mapping in the config file.

    parallelism_config: {sp_size: 8}        # Ulysses/ALST of DeepSpeed: launch with a ZeRO-3 configuration of accelerate

accelerate's own launcher takes these sizes with FSDP2 alone, so they stand in the run's file. Packed documents are kept apart by a mask
and by boundaries of the whole sequence: context parallelism drops the one, DeepSpeed's loader splits the other, so both are refused with
packing.
"""

import os
from typing import Any


def set_parallelism(config: Any) -> None:
    """Turn the mapping into accelerate's ParallelismConfig.

    Raises:
        ValueError: an unknown size, one that accelerate refuses, or a split that would let packed documents see each other.
    """
    if isinstance(given := getattr(config, "parallelism_config", None), dict):
        from accelerate.parallelism_config import ParallelismConfig

        try:
            config.parallelism_config = ParallelismConfig(**given)
        except (TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"parallelism_config {given}: {error}; expected sizes such as sp_size: 8") from error
    sizes = _sizes(config)
    for name, way in (("cp_size", "context"), ("sp_size", "sequence")):
        if sizes[name] > 1 and (getattr(config, "packing", False) or getattr(config, "padding_free", False)):
            raise ValueError(
                f"{way} parallelism ({name} {sizes[name]}) loses the boundaries of packed documents; give --packing false"
            )
    if (n_parts := sizes["sp_size"]) > 1 and (getattr(config, "pad_to_multiple_of", None) or 1) % n_parts:
        raise ValueError(
            f"sp_size {n_parts} needs --pad_to_multiple_of {n_parts} or a multiple: the parts have one length"
        )


def is_sequence_parallel(trainer: Any) -> bool:
    """Whether a trainer splits its sequences."""
    return bool(getattr(trainer.accelerator.parallelism_config, "sp_enabled", False))


def _sizes(config: Any) -> dict[str, int]:
    """The sizes in the configuration, or where it has none those that `accelerate launch` was given."""
    names = ("cp_size", "sp_size")
    if (given := getattr(config, "parallelism_config", None)) is not None:
        return {name: int(getattr(given, name) or 1) for name in names}
    return {name: int(os.environ.get(f"PARALLELISM_CONFIG_{name.upper()}", "1")) for name in names}
