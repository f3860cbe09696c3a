"""The config `rollouts`: which row a sample is of, and by whose gold it is judged."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.row import Message, make_row
from curation.release.dataset import Dataset
from curation.release.push.rollouts import write_rollouts
from curation.sampling.engines.base import Request, Sample
from curation.sampling.rollouts.rollout import Rollout, Setting, prompt_hash
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore, judge_rollouts

QUESTION = Message("user", "2 + 3?")


def write_set(folder: Path, golds: dict[str, str]) -> None:
    """A set that has one question in each config, with that config's gold."""
    for config, gold in golds.items():
        (folder / "data" / config).mkdir(parents=True)
        row: dict[str, Any] = {"id": "one", "prompt": [{"role": QUESTION.role, "content": QUESTION.content}]}
        row |= {"answer": gold, "answer_kind": "math", "answer_options": "{}", "images": []}
        pq.write_table(pa.Table.from_pylist([row]), folder / "data" / config / "train-00000-of-00001.parquet")
    (folder / "summary.json").write_text(json.dumps({"configs": {config: {} for config in golds}}))


def write_samples(folder: Path, golds: dict[str, str]) -> None:
    prompt = prompt_hash(Request("one", (QUESTION,), (), (), 0))
    setting = Setting("model", "revision", "template", 1.0, 1.0)
    texts = ("\\boxed{5}", "\\boxed{6}")
    rollouts = [
        Rollout(prompt, "one", setting, 64, Sample(n, text, "stop", 5, 7), 9, 0.1) for n, text in enumerate(texts)
    ]
    with RolloutStore(folder / "rollouts") as store, VerdictStore(folder / "rollouts" / "verdicts") as verdicts:
        store.append(rollouts)
        for gold in golds.values():
            row = make_row(source="s", source_id="1", question=QUESTION.content, answer=gold, answer_kind="math")
            judge_rollouts([(row, rollouts)], verdicts)


def test_a_question_of_both_sets_has_its_samples_in_each_by_the_gold_of_its_row(tmp_path: Path) -> None:
    golds = {"cold_start": "5", "rl": "6"}
    write_set(tmp_path, golds)
    write_samples(tmp_path, golds)
    (shard,) = write_rollouts(Dataset(tmp_path), tmp_path / "release" / "data" / "rollouts")
    lines = pq.read_table(shard).to_pylist()
    assert sorted((line["config"], line["id"], line["number"], line["outcome"]) for line in lines) == [
        ("cold_start", "one", 0, "correct"),
        ("cold_start", "one", 1, "wrong"),
        ("rl", "one", 0, "wrong"),
        ("rl", "one", 1, "correct"),
    ]
    assert all(line["same_prompt"] for line in lines)
