"""`ovr-curate init`: the manifest that it writes reads the rows that the data hold, and says what is unsure."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from curation.build.load import load_manifest
from curation.cli import main
from curation.core.row import BadRow, Row
from tests.curation.init.layouts import LAYOUTS, Layout, lines, png, sum_of


def written(data: Path, out: Path, *arguments: str) -> str:
    assert main(["init", str(data), "--out", str(out), *arguments]) == 0
    return out.read_text()


def rows_of(manifest: Path) -> list[Row | BadRow]:
    sections = load_manifest(manifest).sections.values()
    return [row for section in sections for source in section.sources for row in source.read(0)]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_manifest_reads_the_layout(layout: Layout, tmp_path: Path) -> None:
    (data := tmp_path / "data").mkdir()
    layout.write(data)
    text = written(data, tmp_path / "m.yaml")
    assert layout.says in text
    rows = rows_of(tmp_path / "m.yaml")
    assert [row for row in rows if isinstance(row, BadRow)] == []
    assert len(rows) == 12
    first = rows[0]
    assert isinstance(first, Row)
    assert first.question.startswith(layout.question)
    assert (first.answer, first.answer_kind) == (layout.gold, layout.kind)
    assert tuple(json.loads(first.answer_options).get("choices", ())) == layout.options
    assert len(first.images) == layout.images
    assert "by hand" not in text


def test_the_manifest_builds(tmp_path: Path) -> None:
    (data := tmp_path / "data").mkdir()
    LAYOUTS["worked_solutions"].write(data)
    written(data / "train.jsonl", tmp_path / "m.yaml")
    assert main(["build", str(tmp_path / "m.yaml"), "--out", str(tmp_path / "out")]) == 0


def test_files_of_several_layouts_are_several_sources(tmp_path: Path) -> None:
    (data := tmp_path / "data").mkdir()
    LAYOUTS["worked_solutions"].write(data)
    LAYOUTS["boxed_solutions"].write(data)
    (data / "notes.json").write_text('{"author": "nobody", "year": 2020}')
    text = written(data, tmp_path / "m.yaml")
    assert text.count("kind: table") == 2
    assert "# skipped: notes.json: no field looks like a question (it has author, year)" in text


def test_files_of_one_layout_are_one_source(tmp_path: Path) -> None:
    for k, name in enumerate(("one", "two", "three")):
        lines(tmp_path / f"data/{name}.jsonl", [{"q": sum_of(i), "gold": 2 * i + 7} for i in range(9 * k, 9 * k + 9)])
    text = written(tmp_path / "data", tmp_path / "m.yaml")
    assert "path: data/*.jsonl" in text
    assert len(rows_of(tmp_path / "m.yaml")) == 27


def test_an_integer_gold_that_could_count_from_0_or_1_is_unsure(tmp_path: Path) -> None:
    options = ["oak", "elm", "ash", "fir"]
    lines(tmp_path / "q.jsonl", [{"question": f"Which is tree {i}?", "options": options, "label": 2} for i in range(9)])
    text = written(tmp_path / "q.jsonl", tmp_path / "m.yaml")
    assert (
        "by hand: golds are numbers from 2 to 2 of up to 4 options: say gold.option_base, 0 or 1 for the number of the first option"
        in text
    )
    assert "gold:" not in text
    assert "options: options" in text


def test_an_evaluation_set_is_named(tmp_path: Path) -> None:
    lines(tmp_path / "pears_test.jsonl", [{"question": sum_of(i), "answer": 2 * i + 7} for i in range(9)])
    assert "unsure: 'test' is the name of an evaluation set" in written(
        tmp_path / "pears_test.jsonl", tmp_path / "m.yaml"
    )


def test_data_without_answers_say_what_a_hand_must_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines(tmp_path / "q.jsonl", [{"question": sum_of(i), "topic": "pears"} for i in range(9)])
    assert "by hand: no field looks like the answer" in written(tmp_path / "q.jsonl", tmp_path / "m.yaml")
    assert "by hand" in capsys.readouterr().err


def test_images_that_are_not_there_are_said(tmp_path: Path) -> None:
    records = [{"question": f"How wide is bar {i}?", "answer": i, "image": f"gone/{i}.png"} for i in range(9)]
    lines(tmp_path / "q.jsonl", records)
    text = written(tmp_path / "q.jsonl", tmp_path / "m.yaml")
    assert "no file is found for the images of image, such as 'gone/0.png'; say images.root" in text


def test_images_of_another_machine_are_found_by_the_end_of_their_paths(tmp_path: Path) -> None:
    (tmp_path / "img").mkdir()
    for i in range(9):
        (tmp_path / f"img/{i}.png").write_bytes(png(i))
    records = [
        {"question": f"How wide is bar {i}?", "answer": i, "image": f"/mnt/else/set/img/{i}.png"} for i in range(9)
    ]
    lines(tmp_path / "q.jsonl", records)
    assert "strip_prefix: [/mnt/else/set" in written(tmp_path / "q.jsonl", tmp_path / "m.yaml")
    assert all(isinstance(row, Row) and row.images for row in rows_of(tmp_path / "m.yaml"))


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    LAYOUTS["worked_solutions"].write(tmp_path)
    (tmp_path / "m.yaml").write_text("mine\n")
    assert main(["init", str(tmp_path / "train.jsonl"), "--out", str(tmp_path / "m.yaml")]) == 1
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "m.yaml").read_text() == "mine\n"
    written(tmp_path / "train.jsonl", tmp_path / "m.yaml", "--force")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent", None, "no such file or folder"),
        ("empty.jsonl", b"", "nothing there looks like questions"),
        ("noise.bin", b"\x7fELF\0\0\1\2" * 40, "nothing there looks like questions"),
        ("people.csv", b"name,age\nann,31\nbob,29\n", "no field looks like a question (it has name, age)"),
    ],
)
def test_what_holds_no_questions_is_one_line(
    name: str, content: bytes | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert main(["init", str(tmp_path / name)]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


def test_a_data_set_of_the_hub_is_looked_at_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions of `datasets` are their own, on a folder that stands for the data set."""
    import datasets

    (data := tmp_path / "hub").mkdir()
    lines(data / "train.jsonl", [{"question": sum_of(i), "answer": str(2 * i + 7)} for i in range(12)])
    lines(data / "test.jsonl", [{"question": sum_of(i), "answer": str(2 * i + 7)} for i in range(3)])
    for name in ("get_dataset_config_names", "get_dataset_split_names", "load_dataset"):
        function = getattr(datasets, name)
        monkeypatch.setattr(
            datasets,
            name,
            lambda _, *rest, function=function, **options: function(
                str(data), *rest, **options | {"revision": None} if "revision" in options else options
            ),
        )
    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", lambda *_, **__: SimpleNamespace(sha="0" * 40))
    text = written(Path("somebody/pears"), tmp_path / "m.yaml")
    assert "hub: somebody/pears" in text
    assert "split: train" in text
    assert "unsure: other splits: test" in text
    assert "golds: 12 math of 12 rows read" in text


def test_kinds_of_files_that_are_not_looked_at_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.init.look.MAX_GROUPS", 2)
    for name in "abcd":
        lines(tmp_path / f"data/{name}.jsonl", [{"question": sum_of(i), f"answer_{name}": i} for i in range(9)])
    assert "c.jsonl: with 1 others not looked at" in written(tmp_path / "data", tmp_path / "m.yaml")


REAL = {
    "gsm8k": ("fields: {question: question, answer: answer}", "answer_pattern: '#### (.+)$'"),
    "rllm": ("fields: {question: problem, answer: answer", "math/*.json"),
    "limr": ("fields: {question: prompt, answer: answer, id: id}", "fields: {question: context, answer: answer, id: id}"),
    "one_shot_rlvr": ("answer: reward_model.ground_truth",),
    "zeroeval": ("fields: {question: problem, answer: answer",),
    "logic_rl": ("fields: {question: quiz, answer: solution_text", "200 assignment"),
    "puzzlevqa": ("options: options, images: image}", "golds: 200 choice of 200"),
    "algopuzzlevqa": ("options: options, images: image}", "golds: 71 choice of 71"),
    "chartqa": ("fields: {question: query, answer: label, images: 'png/{imgname}'",),
    "k12_mm_eureka": ("answer: answer, images: image_path, id: id}",),
    "tabmwp": ("options: choices, images: 'tables/{$key}.png'}",),
    "scemqa": ("options: $question, images: ImagePath}", "extensions: [.jpg, .png]"),
    "scienceqa_truncated": ("images: 'images/{split}/{$key}/{image}'}", "option_base: 0", r'"{hint}\n\n{question}"', "on_truncated: keep"),
    "skythought_hist": ("cold_start:", "completion: code.0"),
    "marco_o1": ("cold_start:", "fields: {question: instruction, completion: response"),
    "thought_anchors": ("join: {solutions: solutions.json}", "explode: solutions", "answer: gt_answer, completion: each.solution"),
    "geoqa_r1v": ("say images.root",),
}  # fmt: skip
"""Folder of the public sample -> what its manifest has to say, as manifests/real_sample.yaml does."""


@pytest.mark.parametrize("name", REAL)
def test_the_real_sample_is_mapped_as_by_hand(name: str, real_data: Path, tmp_path: Path) -> None:
    text = written(real_data / name, tmp_path / "m.yaml")
    for expected in REAL[name]:
        assert expected in text
