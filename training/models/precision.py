"""In which numbers a run trains: float32 masters, or a line that says what is lost; 4 and 8 bits where they can be had."""

import importlib.util
from collections import Counter
from collections.abc import Mapping
from typing import Any


def check_quantization(options: Mapping[str, Any]) -> None:
    """Refuse `load_in_4bit` and `load_in_8bit` where they would be ignored or could not train.

    Raises:
        ValueError: bitsandbytes is not installed, or there is no adapter to train.
    """
    chosen = [name for name in ("load_in_4bit", "load_in_8bit") if _is_true(options.get(name))]
    if not chosen:
        return
    if not _is_true(options.get("use_peft")):
        raise ValueError(
            f"--{chosen[0]}: weights of few bits do not train; add --use_peft true, which trains a LoRA adapter on them"
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise ValueError(f"--{chosen[0]} needs bitsandbytes and a GPU: pip install bitsandbytes")


def precision_notes(trainer: Any) -> list[str]:
    """Lines on trainable weights that are not float32; none where a float32 master is kept elsewhere (DeepSpeed), nor for an adapter on
    weights of few bits, which TRL trains in bfloat16 as QLoRA's paper does.

    AdamW's step at learning rate r moves a weight by about r. bfloat16 has 8 bits of mantissa, so a weight w keeps a step only above
    |w| / 256: at 1e-6 four steps of GRPO changed 0.6 % of the weights of a small Qwen2.5-VL, where float32 changed 99.97 %.
    """
    of_few_bits = any(getattr(trainer.model, f"is_loaded_in_{n}bit", False) for n in (4, 8))
    if trainer.is_deepspeed_enabled or of_few_bits:
        return []
    weights: Counter[str] = Counter()
    for parameter in trainer.model.parameters():
        if parameter.requires_grad and parameter.is_floating_point():
            weights[str(parameter.dtype).removeprefix("torch.")] += parameter.numel()
    total = weights.total()
    rate = trainer.args.learning_rate
    return [
        f"{n / total:.0%} of the trained weights are {dtype}: at a learning rate of {rate:g} most updates round to nothing; say "
        "--dtype float32 with --bf16 true (float32 weights, bfloat16 arithmetic)"
        for dtype, n in weights.items()
        if dtype != "float32"
    ]


def _is_true(value: Any) -> bool:
    return str(value).lower() in ("true", "1", "yes")
