"""Cold-start rows: the ids and labels that TRL makes of them, whole or not at all, packed or alone."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.conftest import row, write_shard
from training.data import sft_rows
from training.data.overlong import fitting
from training.data.packing import pack
from training.data.sft_dataset import image_row_lengths, sft_datasets
from training.data.sft_rows import TokenRows
from training.data.shards import read_shards
from training.data.table import ShardTable

NAME = "train-00000-of-00001.parquet"


def config(out: Path, **options: Any) -> Any:
    from trl import SFTConfig

    cpu = {"use_cpu": True, "bf16": False, "gradient_checkpointing": False, "report_to": "none"}
    return SFTConfig(output_dir=str(out), **{**cpu, **options})


@pytest.fixture(scope="module")
def processor(tiny_model: Path) -> Any:
    from transformers import AutoProcessor

    return AutoProcessor.from_pretrained(tiny_model)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> ShardTable:
    """Rows of several turns and lengths; row 5 is the longest."""
    given = [row(i) for i in range(8)]
    given[2]["prompt"] = [{"role": "system", "content": "Be brief."}, *given[2]["prompt"]]
    given[3]["prompt"] = [
        *given[3]["prompt"],
        {"role": "assistant", "content": "4"},
        {"role": "user", "content": "And <image> 5?"},
    ]
    given[5]["completion"][0]["content"] *= 6
    return read_shards(write_shard(tmp_path_factory.mktemp("sft") / NAME, given), "cold_start")


@pytest.mark.slow
@pytest.mark.parametrize("text_only", [False, True])
@pytest.mark.parametrize("completion_only", [True, False])
def test_ids_and_labels_are_trls(
    rows: ShardTable, processor: Any, tiny_model: Path, tmp_path: Path, text_only: bool, completion_only: bool
) -> None:
    from datasets import Dataset
    from trl import SFTTrainer

    given = processor.tokenizer if text_only else processor
    options = {"max_length": 4096, "completion_only_loss": completion_only, "dataset_num_proc": None}
    texts = Dataset.from_dict(rows.rows(range(len(rows))))
    trl = SFTTrainer(str(tiny_model), args=config(tmp_path, **options), train_dataset=texts, processing_class=given)
    ours = TokenRows(rows, given, completion_only=completion_only).examples([[number] for number in range(len(rows))])
    assert [ids.tolist() for ids in ours["input_ids"]] == trl.train_dataset["input_ids"][:]
    assert [labels.tolist() for labels in ours["labels"]] == trl.train_dataset["labels"][:]
    assert ours["seq_lengths"] == [[len(ids)] for ids in ours["input_ids"]]


@pytest.mark.slow
def test_ids_are_the_same_whether_they_are_kept_or_made_again(
    rows: ShardTable, processor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = TokenRows(rows, processor)
    monkeypatch.setattr(sft_rows, "TOKENS_IN_MEMORY", int(kept.lengths[:3].sum()))
    monkeypatch.setattr(sft_rows, "ROWS_AT_ONCE", 3)
    some = TokenRows(rows, processor)
    assert sorted(some._kept) == [0, 1, 2]
    places = [[7, 0], [5], [1, 2, 3]]
    for one, other in zip(kept.examples(places)["labels"], some.examples(places)["labels"], strict=True):
        assert np.array_equal(one, other)
    assert kept.lengths.tolist() == some.lengths.tolist()


@pytest.mark.slow
def test_rows_over_the_limit_are_left_out_whole_and_named(
    rows: ShardTable, processor: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lengths = TokenRows(rows, processor).lengths.tolist()
    limit = sorted(lengths)[-2]
    (dataset,) = sft_datasets([rows], config(tmp_path, max_length=limit), processor, "drop")
    assert [len(one["input_ids"]) for one in dataset] == [length for length in lengths if length <= limit]
    line = (
        f"sft: 1 of 8 rows are longer than {limit} tokens (longest {max(lengths)}) and are left out, see dropped.jsonl"
    )
    assert line in capsys.readouterr().out
    assert json.loads((tmp_path / "dropped.jsonl").read_text()) == {
        "row": 5,
        "id": f"{5:032x}",
        "n_tokens": max(lengths),
    }
    with pytest.raises(
        ValueError, match=f"1 of 8 rows are longer .* the first is row {5:032x} of .*{NAME}; raise --max_length"
    ):
        sft_datasets([rows], config(tmp_path, max_length=limit), processor, "error")
    sft_datasets([rows], config(tmp_path, max_length=4096), processor, "drop")
    assert not (tmp_path / "dropped.jsonl").exists()


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(
        ValueError, match=r"2 of 2 rows are longer than 1,000 tokens \(longest 2,000\), and none is left"
    ):
        fitting("sft", [2000, 1001], 1000, "drop", str)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"packing": True, "packing_strategy": "wrapped"}, "--packing_strategy wrapped cuts rows"),
        ({"packing": True, "packing_strategy": "bfd_split"}, "--packing_strategy bfd_split cuts rows"),
        ({"packing": True, "max_length": None}, "--packing needs --max_length"),
        ({"chat_template_path": "other/model"}, "--chat_template_path other/model: expected a .jinja file"),
    ],
)
def test_an_option_that_these_rows_cannot_follow_is_refused(
    rows: ShardTable, processor: Any, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        sft_datasets([rows], config(tmp_path, **options), processor, "drop")


@pytest.mark.slow
def test_image_rows_have_the_lengths_of_trls_collator(processor: Any, tmp_path: Path) -> None:
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    from training.data.places import with_places

    given = [row(0), row(1, "red"), row(2, "red")]
    given[2]["prompt"][0]["content"] = "Is <image> red, or <image>?"
    given[2]["images"] *= 2
    table = read_shards(write_shard(tmp_path / NAME, given), "cold_start")
    collate = DataCollatorForVisionLanguageModeling(processor, completion_only_loss=True)
    examples = list(table.only(["prompt", "completion", "images"]).dataset(with_places))
    assert image_row_lengths(table, processor) == [collate([one])["input_ids"].shape[1] for one in examples]


@pytest.mark.slow
def test_a_text_model_with_image_rows_is_refused(processor: Any, tmp_path: Path) -> None:
    table = read_shards(write_shard(tmp_path / NAME, [row(0), row(1, "red")]), "cold_start")
    with pytest.raises(ValueError, match=f"takes text alone .* 1 of 2 rows have images, the first is row {1:032x} of"):
        sft_datasets([table], config(tmp_path), processor.tokenizer, "drop")


@pytest.mark.slow
def test_packing_is_as_tight_as_trls(tmp_path: Path) -> None:
    from datasets import Dataset
    from trl import pack_dataset

    lengths = np.random.default_rng(0).integers(1, 400, 300).tolist()
    packed = pack(lengths, 512)
    assert sorted(number for numbers in packed for number in numbers) == list(range(300))
    assert all(sum(lengths[number] for number in numbers) <= 512 for numbers in packed)
    trl = pack_dataset(Dataset.from_dict({"input_ids": [[1] * length for length in lengths]}), 512)
    assert len(packed) == len(trl)
