"""The samples that a row's difficulty counts, and the verdicts on them, read back from the stores."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from curation.core.row import Difficulty, Row
from curation.difficulty.outcomes import n_counted
from curation.difficulty.pass_rate import PassRate
from curation.sampling.engines.base import Request
from curation.sampling.rollouts.rollout import Rollout, Setting, prompt_hash
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore, judge_rollouts
from curation.sampling.template import apply_to_messages
from rewards import Verdict

CHUNK = 256
"""Rows that are looked at together."""


@dataclass
class Samples:
    """The stores, and the options under which they were filled."""

    store: RolloutStore
    verdicts: VerdictStore
    options: PassRate
    template: str

    def of(self, rows: Sequence[Row]) -> list[tuple[list[Rollout], list[Verdict]]]:
        """Of every row the samples that its difficulty counts, and the verdicts on them."""
        prompts = [self._prompt(row) for row in rows]
        settings = [_setting(row.difficulty) for row in rows]
        of_setting: dict[tuple[Setting, int], list[str]] = {}
        for prompt, setting in zip(prompts, settings, strict=True):
            of_setting.setdefault(setting, []).append(prompt)
        held = {
            (setting, max_tokens): self.store.load(
                setting, wanted, max_tokens, self._contexts.get((setting.model, setting.revision))
            )
            for (setting, max_tokens), wanted in of_setting.items()
        }
        rollouts = []
        for row, prompt, key in zip(rows, prompts, settings, strict=True):
            found = held[key][prompt]
            assert row.difficulty is not None
            n = n_counted(asdict(row.difficulty), self.options.truncated)
            rollouts.append([found[k] for k in sorted(found) if k < n])
        verdicts = judge_rollouts(list(zip(rows, rollouts, strict=True)), self.verdicts)
        return list(zip(rollouts, verdicts, strict=True))

    @cached_property
    def _contexts(self) -> dict[tuple[str, str], int | None]:
        """The context that the manifest leaves each model: what was drawn under a longer one counts as cut off."""
        return {engine.identity(): engine.max_model_len for engine in self.options.engines if engine.max_model_len}

    def _prompt(self, row: Row) -> str:
        return prompt_hash(Request(row.id, apply_to_messages(self.template, row.prompt), row.images, (), 0))


def _setting(difficulty: Difficulty | None) -> tuple[Setting, int]:
    assert difficulty is not None
    sampler = difficulty.sampler
    named = (sampler.model, sampler.revision, sampler.template_hash)
    return Setting(*named, sampler.temperature, sampler.top_p), sampler.max_tokens
