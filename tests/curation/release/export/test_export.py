"""Exports: every row, place, image, gold and split survives; nothing is lost without a word; the same bytes again."""

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from curation.cli import main
from curation.core.errors import BuildError, CurationError
from curation.core.plugins import known_plugins
from curation.release.export.base import Exporter
from curation.release.export.export import export, exporter_of
from tests.curation.release.export.read_back import READERS, ReadRow
from tests.curation.release.export.released import CASES, HOSTILE, RED, Case, changed, pixels, plain, write

ROOT = Path(__file__).parents[4]
KINDS = sorted(READERS)
LEFT_OUT = {
    "llama-factory": {"two users": "turns_do_not_alternate"},
    "openrlhf": {"trace of an image": "images_in_sft"},
    "nemo-rl": {
        "trace of an image": "images_in_sft",
        "two users": "not_one_user_turn",
        "turns": "not_one_user_turn",
        "system": "not_one_user_turn",
    },
}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("released"))


@pytest.fixture(scope="module")
def exports(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The set for every trainer, in a folder of its name."""
    out = tmp_path_factory.mktemp("exports")
    for kind in KINDS:
        export(released, kind, out / kind)
    return out


def name_of(one: Case) -> str:
    return one.row.source.removeprefix("of ")


def expected(one: Case, exporter: Exporter) -> ReadRow:
    """What the export of a row is: its parts, with a space in what the trainer would take for a mark."""
    marks = [*exporter.markup.others, *(["<image>"] if exporter.markup.places else [])]

    def text(part: str) -> str:
        for mark in marks:
            part = part.replace(mark, f"{mark[0]} {mark[1:]}")
        return part

    messages = [
        (role, [text(part) if isinstance(part, str) else plain(part) for part in parts]) for role, parts in one.messages
    ]
    if exporter.kind == "llama-factory" and one.config == "rl":
        messages.append(("assistant", [rf"\boxed{{{one.row.answer}}}"]))
    gold = (one.row.answer, one.row.answer_kind, one.row.answer_options)
    return ReadRow(one.config, one.split, one.row.id, messages, gold)  # type: ignore[arg-type]


def comparable(row: ReadRow) -> ReadRow:
    """With the pixels of images whose bytes are new."""
    known = {part for one in CASES for _, parts in one.messages for part in parts}
    messages = [
        (role, [pixels(part) if isinstance(part, bytes) and part not in known else part for part in parts])
        for role, parts in row.messages
    ]
    return row._replace(messages=messages)  # type: ignore[arg-type]


def test_every_trainer_has_a_reader_here() -> None:
    assert sorted(known_plugins(Exporter)) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_rows_images_golds_and_splits_are_what_they_were(exports: Path, kind: str) -> None:
    exporter = exporter_of(kind)
    wanted = [
        expected(one, exporter)
        for one in CASES
        if one.config in exporter.configs and name_of(one) not in LEFT_OUT.get(kind, {})
    ]
    found = [comparable(row) for row in READERS[kind](exports / kind)]
    for file in {(row.config, row.split) for row in (*found, *wanted)}:
        assert [row for row in found if row[:2] == file] == [row for row in wanted if row[:2] == file], file


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_a_trainer_would_drop_are_left_out_and_named(exports: Path, kind: str) -> None:
    path = exports / kind / "left_out.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    ids = {name_of(one): one.row.id for one in CASES}
    assert {line["id"]: line["reason"] for line in lines} == {
        ids[name]: why for name, why in LEFT_OUT.get(kind, {}).items()
    }
    assert json.loads((exports / kind / "export.json").read_text())["left_out"] == len(lines)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_set_gives_the_same_bytes_and_replaces_an_earlier_export(
    released: Path, exports: Path, kind: str, tmp_path: Path
) -> None:
    out = tmp_path / "again"
    export(released, kind, out)
    (out / "of an older release.txt").write_text("x")
    export(released, kind, out)
    assert files_of(out) == files_of(exports / kind)
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_that_no_export_wrote_is_refused(released: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    for taken in (tmp_path / "mine", tmp_path / "mine" / "thesis.txt"):
        with pytest.raises(CurationError, match="no earlier export"):
            export(released, "verl", taken)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "x"


def test_an_export_that_fails_leaves_the_earlier_one(tmp_path: Path) -> None:
    one = write(tmp_path / "good", CASES[:2])
    export(one, "ms-swift", tmp_path / "out")
    before = files_of(tmp_path / "out")
    broken = write(tmp_path / "broken", [CASES[0], changed(CASES[1], images=(RED[:60],))])
    with pytest.raises(BuildError, match=r"rl/train-00000-of-00001.parquet: row \w+: .*cannot be decoded"):
        export(broken, "ms-swift", tmp_path / "out")
    assert files_of(tmp_path / "out") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken", "good", "out"]


def test_what_was_changed_on_the_way_is_counted_and_said(
    exports: Path, capsys: pytest.CaptureFixture[str], released: Path, tmp_path: Path
) -> None:
    assert main(["export", str(released), "--to", "ms-swift", "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "2 of 16 images turned upright or freed of transparency" in shown
    assert "3 rows with text that would be taken for an image, video or box" in shown
    assert "rl-train: 15 rows" in shown
    readme = (tmp_path / "out" / "README.md").read_text()
    assert "2 of 16 images" in readme
    assert "swift rlhf --rlhf_type grpo" in readme


def test_a_kind_of_ones_own_is_named(tmp_path: Path) -> None:
    out = export(write(tmp_path / "set", [changed(CASES[0], answer_kind="anagram")]), "verl", tmp_path / "out").out
    assert "kinds of your own (anagram)" in (out / "README.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "varl"], "--to: unknown 'varl'; known: llama-factory, .*; did you mean 'verl'"),
        (["--to", "verifiers", "--config", "cold_start"], "--config cold_start: verifiers takes rl"),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["export", str(released), "--out", str(tmp_path / "out"), *arguments]) == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert re.search(message, error)
    assert not (tmp_path / "out").exists()


def test_a_set_of_which_a_trainer_takes_no_row_is_refused(tmp_path: Path) -> None:
    two = next(one for one in CASES if name_of(one) == "two users")
    with pytest.raises(CurationError, match="takes none of the rows of rl: turns_do_not_alternate 1"):
        export(write(tmp_path / "set", [two]), "llama-factory", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_a_name_the_trainers_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export"]) == 0
    shown = capsys.readouterr().out
    assert all(f" {kind} " in shown for kind in KINDS)
    with pytest.raises(SystemExit):
        main(["export", "build/q", "--to", "verl"])


@pytest.mark.parametrize("kind", KINDS)
def test_file_names_are_safe_and_python_files_compile(exports: Path, kind: str) -> None:
    for name, data in files_of(exports / kind).items():
        assert all(character.isalnum() or character in "._-/" for character in name), name
        if name.endswith(".py"):
            compile(data, name, "exec")
    assert "odd_rows_x" in (exports / kind / "README.md").read_text()


def test_the_reward_of_each_export_is_our_verifier(exports: Path) -> None:
    verl = runpy.run_path(str(exports / "verl" / "reward.py"))["compute_score"]
    extra: dict[str, Any] = {"answer_kind": "choice", "answer_options": json.dumps({"choices": ["1", "swan"]})}
    assert verl("s", r"\boxed{swan}", "B", extra, reward_router_address=None) == {
        "score": 1.0,
        "acc": 1.0,
        "cannot_judge": 0.0,
    }
    assert verl("s", r"\boxed{2}", "?", {}) == {"score": 0.0, "acc": 0.0, "cannot_judge": 1.0}
    environment = runpy.run_path(str(exports / "trl" / "environment.py"))["OvrEnvironment"]()
    environment.reset(answer="B", prompt=[], **extra)
    assert environment.get_reward() == 0.0
    environment.submit("swan")
    assert environment.get_reward() == 1.0
    environment.reset(answer="?", answer_kind="math")
    environment.submit("2")
    assert environment.get_reward() is None
    for kind in set(KINDS) - {"llama-factory"}:  # which has no rewards
        (bundled,) = (exports / kind).rglob("verifier/rewards/verify.py")
        assert bundled.read_bytes() == (ROOT / "rewards" / "verify.py").read_bytes()


def test_hostile_text_is_data(exports: Path) -> None:
    for kind in KINDS:
        rows = [row for row in READERS[kind](exports / kind) if row.gold[0] == HOSTILE]
        assert len(rows) == 1
        assert rows[0].messages[0][1] == [HOSTILE]


@pytest.mark.parametrize("kind", KINDS)
def test_no_command_trains_on_what_is_held_back(kind: str, tmp_path: Path) -> None:
    """A set of `splits: {test: 1}` is an evaluation set; the launch commands of a trainer are what people copy."""
    held_back = [one._replace(split="test") for one in CASES if one.config == "rl"]
    export(write(tmp_path / "set", held_back), kind, tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text()
    assert not re.search(r"(train_files|prompt_dataset|--dataset|train\.data_path|train\.py)[= ]", text)
    assert kind in ("verifiers", "nemo-gym") or "no split `train`: test is to evaluate with" in text
    assert 'split="test"' not in text
    assert not (tmp_path / "out" / "train.py").exists()
