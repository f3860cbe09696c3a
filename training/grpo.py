"""ovr-train grpo --config manifests/quickstart_grpo.yaml [any TRL option]

Multimodal reinforcement learning with verifiable rewards on text and image rows together (paper, 3.2 and 4.1). The paper
trains with PPO and a critic; this is TRL's GRPO with the same reward, sampling and on-policy settings: no KL term, temperature
1, top-p 1, advantages normalised over the batch. Options are TRL's GRPOConfig and ModelConfig, and those of `GRPOArguments`.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from training.arguments import GRPOArguments, model_kwargs, parse, prepare
from training.data.places import with_places
from training.data.shards import check_shards, read_shards
from training.data.table import ShardTable
from training.models.adapters import lora_config, lora_options, merged_model
from training.models.processors import capped
from training.models.vision import freeze_vision
from training.preflight.start import preflight_of
from training.rl.rewards import reward_functions
from training.rl.rows import ROW_COLUMNS, chosen_rows
from training.rl.schedule import parse_schedule
from training.rl.seen import DifficultySeen
from training.runs.run import run

if TYPE_CHECKING:
    from trl import GRPOConfig

    from training.rl.trainer import PolicyTrainer

PAPER = {
    "beta": 0.0,
    "entropy_coef": 0.0,
    "num_iterations": 1,
    "temperature": 1.0,
    "top_p": 1.0,
    "scale_rewards": "batch",
}
"""What the paper trains with (4.1)."""


def main(argv: Sequence[str]) -> int:
    """Train on an rl split and save to `output_dir`."""
    prepare("grpo", "rl", argv)
    from trl import GRPOConfig, get_quantization_config

    from training.runs.record import shards_digest

    options, config, model = parse("grpo", GRPOConfig, argv)
    rows = read_shards(options.data, "rl", options.split)
    print(f"grpo: {len(rows)} rows from {options.data}, model {model.model_name_or_path}", flush=True)
    if departures := departures_from_the_paper(config):
        print(f"grpo: other than in the paper: {departures}", flush=True)
    config.model_init_kwargs = model_kwargs(config, model)
    begins_with = merged_model(model.model_name_or_path, config.output_dir, "grpo")
    preflight = preflight_of("grpo", begins_with, options, config, model)
    preflight.before_loading()
    rows, processor = capped(rows, begins_with, config, options.max_pixels, padding_side="left", truncation_side="left")
    trainer = grpo_trainer(
        begins_with,
        config,
        rows,
        options,
        eval_rows=read_shards(options.data, "rl", options.eval_split).capped(rows.cap) if options.eval_split else None,
        processor=processor,
        peft_config=lora_config(model),
        quantization_config=get_quantization_config(model),
    )
    if options.freeze_vision:
        freeze_vision(trainer.model)
    preflight.with_model(trainer.model)
    chosen = (options.order, options.max_prompt_length, options.max_pixels)
    learning = {name: getattr(options, name) for name in ("rewards", "length_schedule", "dynamic_sampling")}
    learning |= lora_options(model)
    return run("grpo", trainer, shards_digest(check_shards(options.data, "rl", options.split), chosen), learning)


def grpo_trainer(
    model: Any,
    config: "GRPOConfig",
    rows: ShardTable,
    options: GRPOArguments | None = None,
    eval_rows: ShardTable | None = None,
    processor: Any = None,
    peft_config: Any = None,
    quantization_config: Any = None,
) -> "PolicyTrainer":
    """The trainer over rl rows; rows with and without images may share a batch.

    Raises:
        ValueError: an option cannot be met by the rows, or there are fewer rows than a batch has prompts.
    """
    from training.rl.trainer import Extras, PolicyTrainer
    from training.runs.progress import show_progress

    options = options or GRPOArguments()
    functions, config.reward_weights = reward_functions(options.rewards)
    schedule = parse_schedule(options.length_schedule) if options.length_schedule else None
    if schedule:
        config.max_completion_length = schedule.longest
    if config.num_completions_to_print is None:
        config.num_completions_to_print = 0  # they are in OUTPUT_DIR/completions; TRL would print all of them
    _check_lengths(config, options)
    _check_groups(config, options)
    rates = dict(zip(rows.column("id"), _pass_rates(rows), strict=True))
    trainer = PolicyTrainer(
        model=model,
        args=config,
        train_dataset=chosen_rows(model, processor, config, rows, options),
        eval_dataset=eval_rows and eval_rows.only(ROW_COLUMNS).dataset(with_places),
        reward_funcs=functions,
        processing_class=processor,
        peft_config=peft_config,
        quantization_config=quantization_config,
        most_images=max(n for table in (rows, eval_rows) if table for n in table.n_images()),
        extras=Extras(schedule, options.dynamic_sampling, DifficultySeen(rates)),
    )
    show_progress(trainer, "grpo")
    return trainer


def departures_from_the_paper(config: "GRPOConfig") -> str:
    """The options that the paper has otherwise, in a line."""
    names = [name for name, value in PAPER.items() if getattr(config, name) != value]
    lines = [f"{name} {getattr(config, name)} (paper: {PAPER[name]})" for name in names]
    if config.steps_per_generation > config.gradient_accumulation_steps:
        lines.append(
            f"samples serve {config.steps_per_generation // config.gradient_accumulation_steps} steps (paper: 1)"
        )
    return ", ".join(lines)


def _check_lengths(config: "GRPOConfig", options: GRPOArguments) -> None:
    """Make sure that vLLM's limit holds the longest prompt and the longest response.

    Raises:
        ValueError: it does not.
    """
    needed = config.max_completion_length + (options.max_prompt_length or 1)
    if config.use_vllm and (limit := config.vllm_max_model_length) is not None and limit < needed:
        raise ValueError(
            f"--vllm_max_model_length {limit} is too short: responses have up to {config.max_completion_length} tokens"
            + (f" and prompts up to {options.max_prompt_length}" if options.max_prompt_length else "")
            + f"; expected {needed} or more"
        )


def _check_groups(config: "GRPOConfig", options: GRPOArguments) -> None:
    """Refilling goes by the groups of one process.

    Raises:
        ValueError: a group would be shared by two processes, or the factor is under 1.
    """
    if not 1 <= options.dynamic_sampling < math.inf:
        raise ValueError(
            f"--dynamic_sampling {options.dynamic_sampling}: expected 1 (off) or more: how many batches may be sampled for one"
        )
    n_local = config.per_device_train_batch_size * config.steps_per_generation
    if options.dynamic_sampling > 1 and n_local % config.num_generations:
        raise ValueError(
            f"--dynamic_sampling: {n_local} responses a process and {config.num_generations} a prompt; expected "
            "per_device_train_batch_size x steps_per_generation to be a multiple of num_generations"
        )


def _pass_rates(rows: ShardTable) -> list[float | None]:
    return [difficulty and difficulty.get("pass_rate") for difficulty in rows.column("difficulty")]
