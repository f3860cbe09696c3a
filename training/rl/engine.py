"""GRPOTrainer with the repairs that TRL 1.16 needs to sample mixed rows on any rank and from a colocated vLLM.

What is sampled, scored and rewarded is TRL's. Here the engine starts as the run needs it (`colocate`), never gives a token that stands for
an image (`placeholders`), text rows take the path of image rows on every rank, and what the importance correction keeps is logged
(`importance`).
"""

import sys
from functools import partial
from typing import Any
from unittest.mock import patch

import torch
from transformers import ProcessorMixin
from trl import GRPOTrainer
from trl.trainer import grpo_trainer

from training.models.mixed import accept_mixed_batches
from training.rl.colocate import ColocatedVLLM
from training.rl.importance import ENOUGH, effective_sample_size, effective_share, kish, warning_of_mode
from training.rl.placeholders import never_sample, placeholder_ids, vllm_options


class EngineTrainer(GRPOTrainer):  # type: ignore[misc]
    """`most_images` is the largest number of images in a row; `args.max_completion_length` the longest that a response may get.

    Raises:
        ValueError: the rows have images and the model takes none, or vLLM cannot hold the longest response.
    """

    def __init__(self, *args: Any, most_images: int, **kwargs: Any) -> None:
        seed = kwargs["args"].seed * kwargs["args"].world_size
        options = {"limit_mm_per_prompt": {"image": most_images, "video": 0}, "seed": seed}
        with patch.object(grpo_trainer, "VLLMGeneration", partial(ColocatedVLLM, llm_options=options)):
            super().__init__(*args, **kwargs)
        self._has_images = most_images > 0
        self._warned_of_share = False
        model = self.accelerator.unwrap_model(self.model)
        if self._has_images:
            if not isinstance(self.processing_class, ProcessorMixin):
                raise ValueError(
                    f"the rows have images, up to {most_images}, and {model.name_or_path} ({model.config.model_type}) takes text "
                    "alone: take a vision-language model, or shards without images"
                )
            accept_mixed_batches(self.model, self.processing_class)
        banned = placeholder_ids(model.config)
        never_sample(model, banned)
        if self.use_vllm:
            self._check_engine()
            generation = self.vllm_generation
            generation.generation_kwargs = {**vllm_options(self._tokenizer, banned), **generation.generation_kwargs}
        if not self.log_completions:
            self.log_multimodal = False  # all ranks' images would be gathered for a table that nobody writes

    def _check_engine(self) -> None:
        longest = self.max_completion_length
        if self.vllm_mode == "colocate":
            context = self.vllm_generation.llm.model_config.max_model_len
            if context <= longest:
                raise ValueError(
                    f"vLLM holds {context} tokens, prompt and response together, and responses may have {longest}: raise "
                    "--vllm_max_model_length or lower --max_completion_length"
                )
        line = warning_of_mode(self.vllm_importance_sampling_mode, longest, self.vllm_importance_sampling_clip_max)
        if self.vllm_importance_sampling_correction and line:
            self._say(line)

    def _say(self, line: str) -> None:
        if self.accelerator.is_main_process:
            print(f"grpo: {line}", file=sys.stderr, flush=True)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """A rank with text rows alone goes as one with images: None where a row has none, which TRL keeps, and never [] in all of them,
        for which it leaves out what the other ranks wait for.
        """
        for row in inputs:
            images = row.pop("images", None)
            if self._has_images:
                row["images"] = images or None
        output: dict[str, Any] = super()._generate_and_score_completions(inputs)
        if "importance_sampling_ratio" in output:
            self._log_effective_share(output["importance_sampling_ratio"], output["completion_mask"])
        return output

    def _generate_single_turn(self, *args: Any, **kwargs: Any) -> Any:
        if self.accelerator.num_processes > 1 and self.is_fsdp_enabled:
            # transformers then lets ranks whose responses have ended go on until all have; accelerate does not say so for FSDP 2
            self.accelerator.unwrap_model(self.model)._is_fsdp_managed_module = True
        return super()._generate_single_turn(*args, **kwargs)

    def _log_effective_share(self, ratios: torch.Tensor, mask: torch.Tensor) -> None:
        """`sampling/effective_share`, the mean of `effective_share` over all sequences, and `sampling/effective_sample_size`."""
        metrics = self._metrics["train" if self.model.training else "eval"]
        share = self.accelerator.gather(effective_share(ratios, mask)).mean().item()
        sums = self.accelerator.gather(effective_sample_size(ratios, mask)[None]).sum(0)
        metrics["sampling/effective_share"].append(share)
        metrics["sampling/effective_sample_size"].append(kish(sums))
        if share < ENOUGH and not self._warned_of_share:
            self._warned_of_share = True
            self._say(
                f"step {self.state.global_step + 1}: the importance correction keeps {share:.0%} of the responses' weight, expected "
                f"{ENOUGH:.0%} or more: look at sampling/sampling_logp_difference, and at vllm_importance_sampling_mode"
            )
