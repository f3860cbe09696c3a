"""The rows that GRPO trains on: those whose prompt is short enough, in the order that was asked for."""

from typing import TYPE_CHECKING, Any

from training.arguments import GRPOArguments
from training.data.order import row_order
from training.data.places import with_places
from training.data.table import ShardTable
from training.models.processors import load_processor
from training.rl.prompts import prompts_within

if TYPE_CHECKING:
    from trl import GRPOConfig

ROW_COLUMNS = ["id", "prompt", "images", "answer", "answer_kind", "answer_options", "domain", "stratum"]


def chosen_rows(model: Any, processor: Any, config: "GRPOConfig", rows: ShardTable, options: GRPOArguments) -> Any:
    """The `datasets.Dataset` that is trained on: rows whose prompt is short enough, in the order that was asked for.

    Raises:
        ValueError: fewer rows than a batch has prompts, or rows without what the order goes by.
    """
    numbers = list(range(len(rows)))
    if options.max_prompt_length is not None:
        numbers, line = prompts_within(rows, processor or load_processor(model, config), options.max_prompt_length)
        if line:
            print(f"grpo: {line}", flush=True)
    n_prompts = config.generation_batch_size // config.num_generations
    if len(numbers) < n_prompts:
        raise ValueError(
            f"{len(numbers)} rows are fewer than the {n_prompts} prompts of a batch ({config.generation_batch_size} responses, "
            f"{config.num_generations} a prompt): no step would be taken; lower per_device_train_batch_size or gradient_accumulation_steps"
        )
    dataset = rows.only(ROW_COLUMNS).dataset(with_places)
    if options.order == "random":  # TRL's own, an epoch at a time
        return dataset.select(numbers) if len(numbers) < len(rows) else dataset
    n_steps = config.max_steps if config.max_steps > 0 else int(config.num_train_epochs * len(numbers) // n_prompts)
    every = config.steps_per_generation * config.num_iterations / config.gradient_accumulation_steps
    n_draws = max(n_prompts, int(-(-n_steps // every)) * n_prompts)
    config.shuffle_dataset, config.num_train_epochs = False, 1
    return dataset.select(row_order(rows, numbers, options.order, config.seed, n_draws))
