"""TRL's GRPO trainer with what it lacks: a schedule of lengths, refilled groups, figures by domain and stratum, difficulty as it is seen.

    trainer = PolicyTrainer(model=..., args=config, train_dataset=rows, reward_funcs=functions, extras=Extras(schedule, 2.0, seen))

Each idea is in a file of its own; here is only where TRL calls them.
"""

from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

from trl.data_utils import prepare_multimodal_messages

from training.rl.engine import EngineTrainer
from training.rl.figures import Sampled, batch_figures, in_groups, is_effective
from training.rl.refill import Refill
from training.rl.rewards import Accuracy, SoftOverlong
from training.rl.schedule import LengthSchedule, set_limit
from training.rl.seen import DifficultySeen

UNJUDGED_WARNING = 0.2


@dataclass
class Extras:
    """What a run has beyond TRL's options."""

    schedule: LengthSchedule | None = None
    dynamic_sampling: float = 1.0
    seen: DifficultySeen | None = None


class PolicyTrainer(EngineTrainer):
    """GRPO on rows with `id`, `domain` and `stratum`."""

    def __init__(self, *args: Any, extras: Extras | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.extras = extras or Extras()
        self._rows: list[dict[str, Any]] = []
        self._warned_unjudged = False
        self._refill: Refill | None = None
        if self.extras.dynamic_sampling > 1:
            parts = (
                self.num_generations,
                self.args.seed,
                self.accelerator.process_index,
                self.accelerator.num_processes,
            )
            self._refill = Refill(self.train_dataset, self.extras.dynamic_sampling, *parts)

    def resume_from(self, checkpoint: Path) -> None:
        """Count on from a checkpoint."""
        if self.extras.seen is not None:
            self.extras.seen.load(checkpoint)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        self._rows = inputs
        if self.model.training and (schedule := self.extras.schedule):
            limit = schedule.at(self.state.global_step)
            set_limit(self, limit)
            self._metrics["train"]["max_completion_length"].append(float(limit))
        for function in self.reward_funcs:
            if isinstance(function, SoftOverlong):
                function.limit = self.max_completion_length
        output: dict[str, Any] = super()._generate_and_score_completions(inputs)
        for function in self.reward_funcs:
            if isinstance(function, Accuracy):
                function.forget()
        return output

    def _generate(self, prompts: list[Any]) -> tuple[Any, ...]:
        generated = list(super()._generate(prompts))
        if self._refill is not None and self.model.training:
            self._refill_groups(self._refill, prompts, generated)
        return tuple(generated)

    def _refill_groups(self, refill: Refill, prompts: list[Any], generated: list[Any]) -> None:
        """Replace groups without difference in the batch's rows, prompts and what was generated for them, in place."""
        rows, n = self._rows, self.num_generations
        lacking = refill.lacking(self._local_rewards(rows, prompts, generated))
        n_groups, n_sampled = len(rows) // n, len(rows) // n
        n_effective = n_groups - len(lacking)
        while n_next := refill.n_next(max(self._gathered([len(lacking)])), n_groups, n_sampled):
            new_rows = refill.draw(self.state.global_step, n_sampled - n_groups, n_next)
            images = [row.pop("images", None) or [] for row in new_rows]
            if "images" in rows[0]:
                for row, some in zip(new_rows, images, strict=True):
                    row["images"] = some or None
            new_prompts = [
                prepare_multimodal_messages(row["prompt"], images=some)
                for row, some in zip(new_rows, images, strict=True)
            ]
            new = list(super()._generate(new_prompts))
            rewards = in_groups(self._local_rewards(new_rows, new_prompts, new), n)
            n_sampled += n_next
            effective = [at for at, group in enumerate(rewards) if is_effective(group)]
            n_effective += len(effective)
            for slot, at in zip(list(lacking), effective, strict=False):
                there, here = slice(slot * n, (slot + 1) * n), slice(at * n, (at + 1) * n)
                rows[there], prompts[there] = new_rows[here], new_prompts[here]
                _replace(generated, there, new, here, len(rows))
                lacking.remove(slot)
        sampled = sum(self._gathered([n_sampled]))
        self._metrics["train"]["refilled"].append(float(sampled - sum(self._gathered([n_groups]))))
        self._metrics["train"]["effective_groups/sampled"].append(sum(self._gathered([n_effective])) / sampled)

    def _local_rewards(self, rows: list[dict[str, Any]], prompts: list[Any], generated: list[Any]) -> list[float]:
        """The weighted rewards of this process's responses, which are counted as seen; nothing of it is logged."""
        per_function = super()._calculate_rewards(rows, prompts, generated[3], generated[1])
        self._count_seen(self._gathered([row.get("id") or "" for row in rows]), per_function)
        self._pending_extra_logs.clear()
        self._pending_metrics.clear()
        start = self.accelerator.process_index * len(rows)
        return self._weighted(per_function)[start : start + len(rows)]

    def _calculate_rewards(self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any) -> Any:
        per_function = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
        mode = "train" if self.model.training else "eval"
        ends = {*self.eos_token_ids, self._tokenizer.pad_token_id}
        local = [
            (
                row.get("domain") or "",
                row.get("stratum") or "",
                len(ids),
                not ids or ids[-1] not in ends,
                row.get("id") or "",
            )
            for row, ids in zip(inputs, completion_ids_list, strict=True)
        ]
        gathered = self._gathered(local)
        rewards = self._weighted(per_function)
        sampled = [
            Sampled(domain, stratum, length, is_cut, reward)
            for (domain, stratum, length, is_cut, _), reward in zip(gathered, rewards, strict=True)
        ]
        n_generations = self.num_generations if mode == "train" else self.num_generations_eval
        figures = batch_figures(sampled, n_generations)
        for name, value in figures.items():
            self._metrics[mode][name].append(value)
        if mode == "train":
            if self._refill is None:  # which counts what it replaces as well
                self._count_seen([one[4] for one in gathered], per_function)
            self._warn_of_unjudged(figures["unjudged"])
        return per_function

    def _weighted(self, per_function: Any) -> list[float]:
        """The weighted sums as TRL takes them: what has no reward is left out, NaN where none has one."""
        weights = self.reward_weights.tolist()
        sums = []
        for rewards in per_function.tolist():
            judged = [weight * reward for weight, reward in zip(weights, rewards, strict=True) if not isnan(reward)]
            sums.append(sum(judged) if judged else float("nan"))
        return sums

    def _count_seen(self, ids: list[str], per_function: Any) -> None:
        if self.extras.seen is None or "accuracy" not in self.reward_func_names:
            return
        accuracy = per_function[:, self.reward_func_names.index("accuracy")].tolist()
        self.extras.seen.add(ids, accuracy, self.state.global_step + 1)

    def _warn_of_unjudged(self, share: float) -> None:
        if share <= UNJUDGED_WARNING or not self.accelerator.is_main_process:
            return
        step = self.state.global_step + 1
        if share == 1:
            print(f"grpo: step {step}: no response could be judged, nothing is learnt from it", flush=True)
        elif not self._warned_unjudged:
            self._warned_unjudged = True
            print(
                f"grpo: step {step}: {share:.0%} of the responses could not be judged (`unjudged` in metrics.jsonl)",
                flush=True,
            )

    def _gathered(self, values: list[Any]) -> list[Any]:
        """The values of all processes, in their order."""
        from accelerate.utils import gather_object

        return list(gather_object(values))

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        if self.extras.seen is not None and self.args.should_save:  # before the state, which makes the checkpoint whole
            self.extras.seen.save(Path(self._get_output_dir(trial=trial)) / f"checkpoint-{self.state.global_step}")
        super()._save_checkpoint(model, trial)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Save the model; at the end of a run the difficulties too."""
        super().save_model(output_dir, _internal_call)
        if self.extras.seen is not None and self.args.should_save and not _internal_call:
            self.extras.seen.save(Path(output_dir or self.args.output_dir))


def _replace(generated: list[Any], there: slice, new: list[Any], here: slice, n_rows: int) -> None:
    """Put a group of `new` into `generated`: lists over responses, or None where nothing of the kind was generated."""
    for part, values in enumerate(new):
        if not isinstance(values, list) or not values:
            continue
        if not generated[part]:
            generated[part] = [None] * n_rows
        generated[part][there] = values[here]
    if generated[6] and not new[6]:  # the images: the group that came has none
        generated[6][there] = [None] * (there.stop - there.start)
