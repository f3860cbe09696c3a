"""Verdicts on rollouts, kept apart from the texts: an unchanged verifier judges nothing twice, another one samples
nothing again.

    with RolloutStore(folder) as rollouts, VerdictStore(folder / "verdicts") as verdicts:
        outcomes = judge_rollouts([(row, its_rollouts), ...], verdicts)

A verdict belongs to one response (`rollout`, the hash of the draw and its text) and one verifier: gold, kind, options
and the version of the reward's code. So a corrected gold, another kind or a new release of `rewards` judges anew, and
what was judged before stays beside it. In DuckDB:

    SELECT * FROM 'rollouts/*.parquet' JOIN 'rollouts/verdicts/*.parquet' USING (rollout, prompt, model, revision)
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

import rewards
from curation.core.digests import installed_versions, source_digest
from curation.core.plugins import plugin_digest
from curation.core.row import Row
from curation.sampling.rollouts.layout import Layout
from curation.sampling.rollouts.rollout import Rollout, rollout_id
from curation.sampling.rollouts.segment_log import SegmentLog
from rewards.verify import judge_all

_COLUMNS = (
    "rollout", "prompt", "model", "revision", "verifier", "gold", "answer_kind", "answer_options", "rewards", "outcome",
    "extracted", "tier", "detail",
)  # fmt: skip
SCHEMA = pa.schema([(name, pa.string()) for name in _COLUMNS], metadata={"ovr.verdicts_version": "1"})
_VERDICT = ("outcome", "extracted", "detail", "tier")
_REST = ("rewards", "gold", "answer_kind", "answer_options", "prompt", "model", "revision")
LAYOUT = Layout(SCHEMA, ("prompt", "verifier"), ("rollout", "verifier"), (*_VERDICT, *_REST))
MAX_CHARS = 2_000
"""Of an extracted answer and of a detail; no answer that a gold could equal is longer."""
_LIBRARIES = (
    "antlr4-python3-runtime", "latex2sympy2-extended", "math-verify", "python-flint", "reasoning-gym", "sympy",
)  # fmt: skip
_TRUNCATED = rewards.Verdict("truncated", None, "cut off at the token limit")

Key = tuple[str, str]
"""Of a verdict: rollout, verifier."""


class VerdictStore(SegmentLog):
    """The verdicts in `folder`. `n_judged` counts what had to be judged since.

    A response that was cut off has no line: its `finish_reason` says so. Nor has a timeout, which is no property of the
    response: it is remembered until the store is closed, and tried again by the next run.

    Raises:
        SamplingError: a segment is damaged.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, LAYOUT)
        self._timed_out: dict[Key, rewards.Verdict] = {}
        self.n_judged = 0

    def load(self, prompts: Iterable[tuple[str, str]]) -> dict[Key, rewards.Verdict]:
        """Every verdict that is held for pairs of prompt and verifier."""
        found = dict(self._timed_out)
        lines = self.find_unique(prompts, _VERDICT).select([*LAYOUT.identity, *_VERDICT])
        for rollout, verifier, *verdict in zip(*(column.to_pylist() for column in lines.columns), strict=True):
            found[rollout, verifier] = rewards.Verdict(*verdict)
        return found

    def append(self, judged: Mapping[Key, rewards.Verdict], about: Mapping[Key, tuple[Row, Rollout]]) -> None:
        """Add verdicts that are not held; `about` has the row and the rollout of each."""
        lines = []
        for key, verdict in judged.items():
            if verdict.outcome == "timeout":
                self._timed_out[key] = verdict
            else:
                lines.append(_line(key, verdict, *about[key]))
        self.append_lines(lines)
        self.n_judged += len(judged)


def judge_rollouts(rows: Sequence[tuple[Row, Sequence[Rollout]]], store: VerdictStore) -> list[list[rewards.Verdict]]:
    """The verdicts on every row's rollouts, in their order: from the store where it has them, judged and stored where
    not. One call for a whole chunk of rows is one look-up and one write, and waits for the symbolic tier's workers
    together.

    The same rollout gets the same verdict whether it is judged or found: `extracted` and `detail` are cut to
    `MAX_CHARS` in both.

    Raises:
        ValueError: a row's kind or its options are wrong.
        SamplingError: a segment of the store is damaged.
    """
    wanted: dict[Key, tuple[Row, Rollout]] = {}
    keys: list[list[Key | None]] = []
    for row, rollouts in rows:
        verifier = verifier_id(row)
        keys.append([])
        for rollout in rollouts:
            truncated = rollout.sample.finish_reason == "length"
            keys[-1].append(None if truncated else (rollout_id(rollout), verifier))
            if (key := keys[-1][-1]) is not None:
                wanted[key] = row, rollout
    held = store.load((rollout.prompt, verifier) for (_, verifier), (_, rollout) in wanted.items())
    missing = {key: about for key, about in wanted.items() if key not in held}
    judged = dict(zip(missing, _judge(missing.values()), strict=True))
    store.append(judged, missing)
    known = {**held, **judged}
    return [[_TRUNCATED if key is None else known[key] for key in of_row] for of_row in keys]


def verifier_id(row: Row) -> str:
    """Hash of everything that a verdict depends on beside the response, 32 hex digits."""
    return _verifier_id(row.answer, row.answer_kind, row.answer_options)


def age_order(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """Of the verdicts of several verifiers with one gold the first in this order counts: that of this version of the rewards, if there
    is one, and otherwise one that depends on the verdicts alone.
    """
    current = _verifier_id(line["gold"], line["answer_kind"], line["answer_options"])
    is_older = (line["verifier"] != current, line["rewards"] != rewards_version())
    return *is_older, *(line[name] or "" for name in ("rewards", "verifier", *_VERDICT))


def _verifier_id(answer: str, kind: str, options: str) -> str:
    parts = repr((answer, kind, options, rewards_version(), *_outside_kind(kind)))
    return hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()


@cache
def _outside_kind(kind: str) -> tuple[str, ...]:
    """Digest of the module that defines a kind outside of `rewards`; nothing for one of its own."""
    module = rewards.kinds()[kind].__module__ if kind in rewards.kinds() else "rewards"
    return () if module.startswith("rewards.") or module == "rewards" else (plugin_digest([module]),)


@cache
def rewards_version() -> str:
    """Hash of the source of `rewards` and of the versions of the libraries that it judges with, 16 hex digits."""
    parts = repr((source_digest([rewards]), installed_versions(_LIBRARIES)))
    return hashlib.blake2b(parts.encode(), digest_size=8).hexdigest()


def _judge(wanted: Iterable[tuple[Row, Rollout]]) -> list[rewards.Verdict]:
    pairs = list(wanted)
    verifiers = [rewards.make_verifier(row.answer, row.answer_kind, row.answer_options) for row, _ in pairs]
    verdicts = judge_all(verifiers, [rollout.sample.text for _, rollout in pairs])
    return [rewards.Verdict(v.outcome, _short(v.extracted), _short(v.detail) or "", v.tier) for v in verdicts]


def _short(text: str | None) -> str | None:
    return None if text is None else text[:MAX_CHARS]


def _line(key: Key, verdict: rewards.Verdict, row: Row, rollout: Rollout) -> dict[str, Any]:
    return {
        **{name: getattr(rollout.setting, name) for name in ("model", "revision")},
        **{name: getattr(row, name) for name in ("answer_kind", "answer_options")},
        **{name: getattr(verdict, name) for name in ("outcome", "extracted", "tier", "detail")},
        **{"rollout": key[0], "verifier": key[1], "prompt": rollout.prompt},
        **{"gold": row.answer, "rewards": rewards_version()},
    }
