"""Files of one folder that differ, and what stands in a record beside the question: nothing of it is lost without a word."""

import json
from pathlib import Path

import pytest

from curation.core.row import BadRow, Row
from tests.curation.init.layouts import in_files, lines, png, sum_of
from tests.curation.init.test_init import rows_of, written

TREES = ["oak", "elm", "ash", "fir"]


def tree(i: int, passage: str | None = None, **more: object) -> dict[str, object]:
    return {
        "passage": passage,
        "question": f"Which tree is number {i}?",
        "options": TREES,
        "label": "ABCD"[i % 4],
        **more,
    }


def questions(manifest: Path) -> list[str]:
    rows = rows_of(manifest)
    assert [row for row in rows if isinstance(row, BadRow)] == []
    return [row.question for row in rows if isinstance(row, Row)]


@pytest.mark.parametrize("first", [0, 3, 7])
def test_a_passage_of_some_files_belongs_to_the_question(first: int, tmp_path: Path) -> None:
    """Wherever the first file with a passage is; the others have null there."""
    groups = [
        [tree(9 * k + i, f"Plot {k}{i} has four trees." if k >= first else None) for i in range(9)] for k in range(9)
    ]
    in_files(tmp_path / "data", "part{}.jsonl", groups)
    text = written(tmp_path / "data", tmp_path / "m.yaml")
    assert 'question: "{passage}\\n\\n{question}"' in text
    assert "path: data/*.jsonl" in text
    asked = questions(tmp_path / "m.yaml")
    assert len(asked) == 81
    assert sum(question.startswith("Plot") for question in asked) == 9 * (9 - first)


def test_a_passage_deep_in_a_sorted_file_belongs_to_the_question(tmp_path: Path) -> None:
    records = [tree(i) for i in range(900)] + [tree(i, f"Plot {i} has four trees.") for i in range(900, 1200)]
    lines(tmp_path / "all.jsonl", records)
    assert 'question: "{passage}\\n\\n{question}"' in written(tmp_path / "all.jsonl", tmp_path / "m.yaml")


def test_files_with_other_golds_are_sources_of_their_own(tmp_path: Path) -> None:
    choices = [[tree(9 * k + i, answer=None) for i in range(9)] for k in range(3)]
    open_ended = [
        [{"passage": None, "question": sum_of(9 * k + i), "options": None, "label": None, "answer": str(2 * (9 * k + i) + 7)} for i in range(9)]
        for k in range(3)
    ]  # fmt: skip
    in_files(
        tmp_path / "data",
        "part{}.jsonl",
        [choices[0], open_ended[0], choices[1], open_ended[1], choices[2], open_ended[2]],
    )
    text = written(tmp_path / "data", tmp_path / "m.yaml")
    assert text.count("kind: table") == 2
    assert "fields: {question: question, answer: label, options: options}" in text
    assert "fields: {question: question, answer: answer}" in text
    assert len(questions(tmp_path / "m.yaml")) == 54


def test_languages_that_differ_by_file_are_not_stated(tmp_path: Path) -> None:
    chinese = [
        {"q": f"小明有{i + 2}个苹果，又买了{i + 5}个，他现在一共有多少个苹果？", "gold": 2 * i + 7} for i in range(12)
    ]
    english = [{"q": sum_of(i), "gold": 2 * i + 7} for i in range(12)]
    in_files(tmp_path / "data", "set{}.jsonl", [english, chinese])
    assert "language:" not in written(tmp_path / "data", tmp_path / "m.yaml")


def test_a_file_that_loses_its_rows_is_named(tmp_path: Path) -> None:
    good = [[{"q": sum_of(30 * k + i), "gold": 2 * i + 7} for i in range(30)] for k in range(5)]
    proofs = [
        {"q": f"Show that {i} + 1 > {i}.", "gold": "Proof. It follows from the order of the integers, as was shown."}
        for i in range(30)
    ]
    in_files(tmp_path / "data", "set{}.jsonl", [*good, proofs])
    assert "unsure: set5.jsonl: " in written(tmp_path / "data", tmp_path / "m.yaml")


@pytest.mark.parametrize("names", [("premises", "conclusion"), ("facts", "query"), ("story", "question"), ("rules", "statement"), ("sentences", "claim")])  # fmt: skip
def test_a_list_of_texts_is_told_whole(names: tuple[str, str], tmp_path: Path) -> None:
    before, asked = names
    records = [
        {before: [f"Tree {j} is older than tree {j + 1}." for j in range(i % 4 + 1)], asked: f"Is tree 0 the oldest of {i + 2}?", "label": "yes" if i % 2 else "no"}
        for i in range(20)
    ]  # fmt: skip
    lines(tmp_path / "q.jsonl", records)
    assert f'question: "{{{before}}}\\n\\n{{{asked}}}"' in written(tmp_path / "q.jsonl", tmp_path / "m.yaml")
    assert questions(tmp_path / "m.yaml")[3].count("older than") == 4


@pytest.mark.parametrize("labels", [("True", "False", "Unknown"), ("yes", "no", "unknown"), ("Entailment", "Neutral", "None"), ("supported", "refuted", "null")])  # fmt: skip
def test_labels_that_read_as_nothing_are_texts(labels: tuple[str, ...], tmp_path: Path) -> None:
    records = [
        {"premise": f"Box {i} is red.", "hypothesis": f"Box {i} has a colour.", "label": labels[i % len(labels)]}
        for i in range(30)
    ]
    lines(tmp_path / "q.jsonl", records)
    text = written(tmp_path / "q.jsonl", tmp_path / "m.yaml")
    assert "gold: {rules: [{kind: text}]}" in text
    assert "golds: 30 text of 30 rows read" in text


def with_folders(data: Path, picture: str, record: str, **fields: str) -> None:
    for i in range(12):
        (folder := data / f"{i + 100}").mkdir(parents=True)
        (folder / record.format(i + 100)).write_text(
            json.dumps({"id": i + 100, "question": f"How wide is bar {i} here?", "answer": i, **fields})
        )
        (folder / picture.format(i + 100)).write_bytes(png(i))


@pytest.mark.parametrize(
    ("picture", "record", "images"),
    [
        ("shown.png", "data.json", "images: =shown.png"),
        ("{}.png", "{}_label.json", "images: '{id}.png'"),
        ("{}_x.jpg", "record.json", "images: '{id}_x.jpg'"),
        ("img-{}.png", "q_{}.json", "images: 'img-{id}.png'"),
    ],
)
def test_pictures_beside_a_record_in_a_folder_of_its_own(
    picture: str, record: str, images: str, tmp_path: Path
) -> None:
    with_folders(tmp_path / "data", picture, record)
    text = written(tmp_path / "data", tmp_path / "m.yaml")
    assert images in text
    assert f"path: data/*/{record.format('*')}" in text or f"path: data/1*/{record.format('*')}" in text
    rows = rows_of(tmp_path / "m.yaml")
    assert len(rows) == 12
    assert len({row.images[0] for row in rows if isinstance(row, Row)}) == 12


@pytest.mark.parametrize(("where", "name"), [("images", "{}.png"), ("images", "{}_a.png"), ("pictures/{}", "{}.png"), ("", "{}.png"), ("img", "fig_{}.png")])  # fmt: skip
def test_pictures_called_by_the_id(where: str, name: str, tmp_path: Path) -> None:
    for i in range(12):
        (folder := tmp_path / "data" / where.format(f"t{i}")).mkdir(parents=True, exist_ok=True)
        (folder / name.format(f"t{i}")).write_bytes(png(i))
    (tmp_path / "data/sub").mkdir()
    records = [{"id": f"t{i}", "question": f"How wide is bar {i} here?", "answer": i} for i in range(12)]
    lines(tmp_path / "data/sub/q.jsonl", records)  # the pictures are beside the folder of the records, not below
    written(tmp_path / "data", tmp_path / "m.yaml")
    rows = rows_of(tmp_path / "m.yaml")
    assert len({row.images[0] for row in rows if isinstance(row, Row)}) == 12


def test_a_picture_of_the_answer_is_left_out(tmp_path: Path) -> None:
    with_folders(tmp_path / "data", "question.png", "data.json")
    for folder in (tmp_path / "data").iterdir():
        (folder / "solution.png").write_bytes(png(3))
    text = written(tmp_path / "data", tmp_path / "m.yaml")
    assert "images: =question.png" in text
    assert "unsure: pictures =solution.png may show the answer and are left out" in text


def test_pictures_that_nothing_names_are_said(tmp_path: Path) -> None:
    lines(tmp_path / "data/q.jsonl", [{"question": f"How wide is bar {i} here?", "answer": i} for i in range(12)])
    (tmp_path / "data/pics").mkdir()
    for i in range(12):
        (tmp_path / f"data/pics/holiday{i}.png").write_bytes(png(i))
    assert "unsure: 12 pictures (holiday" in written(tmp_path / "data", tmp_path / "m.yaml")


def test_one_name_for_the_pictures_of_all_records_is_no_picture_of_one_folder(tmp_path: Path) -> None:
    """Of a large set only some pictures may be there: those of others are not taken from the one folder that is."""
    lines(
        tmp_path / "data/q.jsonl",
        [{"id": i, "question": f"How wide is bar {i}?", "answer": i, "image": "image.png"} for i in range(40)],
    )
    (tmp_path / "data/images/7").mkdir(parents=True)
    (tmp_path / "data/images/7/image.png").write_bytes(png(7))
    assert "images/{id}/{image}" in written(tmp_path / "data", tmp_path / "m.yaml")


def test_the_main_question_goes_with_the_plain_answer(tmp_path: Path) -> None:
    records = [
        {
            "shape_question": f"Which shape follows number {i}?",
            "answer": i % 4 + 1,
            "colour_question": f"Is the dot of picture {i} red or blue?",
            "colour_answer": "red",
            "size_question_tuple": [f"How many dots has row {i}?", "How many rows are there?"],
            "size_answer_tuple": [i, 4],
        }
        for i in range(12)
    ]
    lines(tmp_path / "q.jsonl", records)
    text = written(tmp_path / "q.jsonl", tmp_path / "m.yaml")
    assert "fields: {question: shape_question, answer: answer" in text
    assert "unsure: other fields ask too: colour_question, size_question_tuple" in text


@pytest.mark.parametrize(
    "record",
    [
        {"question": "Is bag {} open?", "context": {"context_1": "It rains.", "context_2": "It snows."}, "answer": {"answer_1": "Yes, rain.", "answer_2": "No, snow."}},
        {"question1": "Is bag {} open?", "answer1": "Yes, rain.", "question2": "Is box {} open?", "answer2": "No, snow."},
        {"passage": "Bags are old.", "question_1": "Is bag {} open?", "answer_1": "Yes, rain.", "question_2": "Is box {} open?", "answer_2": "No, snow."},
        {"q-1": "Is bag {} open?", "a-1": "Yes, rain.", "q-2": "Is box {} open?", "a-2": "No, snow."},
        {"scenario_1": "It rains.", "scenario_2": "It snows.", "question": "Is bag {} open?", "gold_1": "Yes, rain.", "gold_2": "No, snow."},
    ],
)  # fmt: skip
def test_numbered_questions_are_a_source_each(record: dict[str, object], tmp_path: Path) -> None:
    lines(tmp_path / "q.jsonl", [json.loads(json.dumps(record).replace("{}", str(i))) for i in range(12)])
    text = written(tmp_path / "q.jsonl", tmp_path / "m.yaml")
    assert text.count("kind: table") == 2
    for line, own, other in zip([one for one in text.splitlines() if "fields:" in one], "12", "21", strict=True):
        assert own in line
        assert other not in line
    assert len(questions(tmp_path / "m.yaml")) == 24


def test_answers_1_to_4_are_options_of_one_question(tmp_path: Path) -> None:
    records = [
        {
            "question": f"Which tree is number {i}?",
            **{f"answer{k + 1}": t for k, t in enumerate(TREES)},
            "correct": i % 4 + 1,
        }
        for i in range(12)
    ]
    lines(tmp_path / "q.jsonl", records)
    assert written(tmp_path / "q.jsonl", tmp_path / "m.yaml").count("kind: table") == 1


def test_what_is_no_question_set_is_skipped_with_why(tmp_path: Path) -> None:
    data = tmp_path / "data"
    records = [{"id": i, "question": sum_of(i), "answer": 2 * i + 7} for i in range(12)]
    lines(data / "train.jsonl", records)
    lines(data / "copy/again.jsonl", records)
    lines(data / "half.jsonl", records[:6])
    lines(
        data / "sample_output.jsonl",
        [{"id": i, "output": {"output_1": f"It is {i}.", "output_2": f"It was {i}."}} for i in range(12)],
    )
    lines(data / "eval/gpt.jsonl", [{**one, "prediction": f"{i}"} for i, one in enumerate(records)])
    (data / "lemmas.json").write_text(
        json.dumps({f"lemma {i}": f"Lemma {i} says that sums can be turned round." for i in range(20)})
    )
    (data / "notes.txt").write_text("Bring pears.\nAnd apples.\n")
    text = written(data, tmp_path / "m.yaml")
    assert text.count("kind: table") == 1
    assert "path: data/train.jsonl" in text
    for said in (
        "# skipped: copy/again.jsonl: its records are in train.jsonl too",
        "# skipped: half.jsonl: its records are in train.jsonl too",
        "# skipped: sample_output.jsonl: looks by its name (output)",
        "# skipped: eval/gpt.jsonl: looks like what models answered (it has prediction)",
        "# skipped: lemmas.json: one object of 20 names and texts",
        "# skipped: notes.txt of plain text, such as notes.txt: lines of text ('Bring pears.')",
    ):
        assert said in text


def test_a_question_set_that_is_called_like_results_is_read(tmp_path: Path) -> None:
    lines(tmp_path / "data/train.jsonl", [{"question": sum_of(i), "answer": 2 * i + 7} for i in range(12)])
    lines(
        tmp_path / "data/error_detection.jsonl",
        [{"question": sum_of(i + 50), "answer": 2 * i + 107} for i in range(12)],
    )
    written(tmp_path / "data", tmp_path / "m.yaml")
    assert len(rows_of(tmp_path / "m.yaml")) == 24


def test_the_plain_number_is_the_answer_and_units_are_said(tmp_path: Path) -> None:
    records = [
        {
            "problem_text": sum_of(i),
            "answer_latex": f"${i}.5$ ",
            "answer_number": f"{i}.5",
            "unit": "kg" if i % 2 else " ",
        }
        for i in range(12)
    ]
    lines(tmp_path / "q.jsonl", records)
    text = written(tmp_path / "q.jsonl", tmp_path / "m.yaml")
    assert "answer: answer_number" in text
    assert "unsure: unit is filled in 6 of 12 records (kg)" in text
    lines(tmp_path / "q.jsonl", [{**one, "unit": "$10^6$ m"} for one in records])
    assert "by hand: unit is filled in 12 of 12 records ($10^6$ m) and multiplies the number" in written(
        tmp_path / "q.jsonl", tmp_path / "n.yaml"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\nWhich tree?\nA.oak\nB.elm\nC.ash\nD.fir\n\nb\nWhich bush?\nA.ivy\nB.box\nC.yew\nD.bay\n", "questions of several lines with options, each behind its answer's letter"),
        ("id\tquestion\tanswer\n1\tWhat is 1 + 1?\t2\n2\tWhat is 1 + 2?\t3\n", "columns between tabs (id, question, answer); a table reads it with `format: csv`"),
        ("Once there was a pear.\nIt fell.\n", "lines of text ('Once there was a pear.')"),
    ],
)  # fmt: skip
def test_text_that_is_no_data_is_described(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from curation.cli import main

    (tmp_path / "data").mkdir()
    (tmp_path / "data/set.txt").write_text(text)
    assert main(["init", str(tmp_path / "data")]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_options_of_most_questions_are_read_and_other_files_keep_their_golds(tmp_path: Path) -> None:
    listed = [
        [
            {
                "input": f"Which tree is number {9 * k + i}?\nOptions:\n(A) oak\n(B) elm\n(C) ash",
                "target": f"({'ABC'[i % 3]})",
            }
            for i in range(9)
        ]
        for k in range(3)
    ]
    sums = [{"input": f"(({i} + 2) * 3) =", "target": str((i + 2) * 3)} for i in range(9)]
    words = [{"input": f"not ( True ) and {i} is", "target": "False" if i % 2 else "True"} for i in range(9)]
    in_files(tmp_path / "data", "task{}.jsonl", [words, sums, *listed])
    text = written(tmp_path / "data", tmp_path / "m.yaml")
    assert "options: $question" in text
    kinds = [row.answer_kind for row in rows_of(tmp_path / "m.yaml") if isinstance(row, Row)]
    assert [kinds.count(kind) for kind in ("choice", "math", "text")] == [27, 9, 9]


def test_options_in_small_letters_between_spaces(tmp_path: Path) -> None:
    records = [
        {
            "Problem": f"what is {i} plus 3 ?",
            "options": f"a ) {i + 1} , b ) {i + 3} , c ) 1 , 200 , d ) none of these",
            "correct": "b",
        }
        for i in range(12)
    ]
    lines(tmp_path / "q.jsonl", records)
    written(tmp_path / "q.jsonl", tmp_path / "m.yaml")
    row = rows_of(tmp_path / "m.yaml")[0]
    assert isinstance(row, Row)
    assert (row.answer, row.answer_kind) == ("B", "choice")
    assert json.loads(row.answer_options)["choices"] == ["1", "3", "1 , 200", "none of these"]
