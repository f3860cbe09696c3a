"""After the first update: the vision side has not moved, the language module has (paper, 4.1: the cold start trains the language module).

The parameters themselves are compared, by a digest of their bits, not the options that should keep them still.
"""

from typing import Any

from transformers import TrainerCallback

from training.models.vision import is_vision


class LanguageOnly(TrainerCallback):  # type: ignore[misc]
    """Ends the run after its first update with a learning rate above 0 unless the language module alone has moved."""

    def __init__(self) -> None:
        self._before: dict[str, int] = {}
        self._checked = False

    def on_step_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Remember the weights; a warm-up's first step has learning rate 0 and says nothing."""
        optimizer = kwargs.get("optimizer")
        learns = optimizer is not None and any(group["lr"] > 0 for group in optimizer.param_groups)
        self._before = digests(model) if learns and not self._checked else {}

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Compare.

        Raises:
            ValueError: names a weight of the vision side that moved, or says that nothing was learnt.
        """
        if not self._before or getattr(kwargs.get("optimizer"), "step_was_skipped", False):
            return
        now = digests(model)
        moved = [name for name, digest in now.items() if digest != self._before[name]]
        if vision := [name for name in moved if is_vision(name)]:
            raise ValueError(
                f"step {state.global_step} changed {len(vision)} weights of the vision side, the first is {vision[0]}: expected the"
                " language module alone to be trained; --freeze_vision false trains both"
            )
        if not moved and any(not is_vision(name) for name in now):
            raise ValueError(
                f"step {state.global_step} changed no weight of the language module: no token carries a loss, every weight is frozen, or"
                " the update is too small for the weights' dtype (--dtype float32 keeps it)"
            )
        self._before, self._checked = {}, True


def digests(model: Any) -> dict[str, int]:
    """A number for each parameter that changes with any of its bits; of a sharded model, for this process's part of it."""
    return {name: _digest(part) for name, part in _parts(model) if part.numel()}


def _parts(model: Any) -> Any:
    for name, parameter in model.named_parameters():
        part = getattr(parameter, "ds_tensor", parameter).detach()  # DeepSpeed ZeRO-3 keeps the process's part there
        yield name, part.to_local() if hasattr(part, "to_local") else part  # FSDP2


def _digest(part: Any) -> int:
    import torch

    whole = part.contiguous().view(-1)
    integers = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[whole.element_size()]
    n = min(len(whole), 1 << 20)
    odd = torch.arange(1, 2 * n, 2, device=whole.device)  # an odd factor loses no bit, and tells places apart
    total = 0
    for chunk in whole.split(n):
        bits = (chunk + 0 if chunk.is_floating_point() else chunk).view(integers)  # -0.0 + 0 is 0.0: no change
        total = (total * 1_000_003 + int((bits.long() * odd[: len(chunk)]).sum())) % (1 << 61)
    return total
