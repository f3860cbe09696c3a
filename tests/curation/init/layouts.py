"""Small data sets in the layouts of public ones, with what their manifests have to read."""

import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


@dataclass(frozen=True)
class Layout:
    """`write` puts the files into a folder; then the first row has this question, options and gold."""

    write: Callable[[Path], None]
    question: str
    gold: str
    kind: str
    options: tuple[str, ...] = ()
    images: int = 0
    says: str = ""
    """What the manifest has to hold as text."""
    rows: int = 0
    """How many rows are read, where not all of 12."""


LAYOUTS: dict[str, Layout] = {}
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty", "knoll", "lagoon")


def layout(question: str, gold: str, kind: str, options: tuple[str, ...] = (), images: int = 0, says: str = "") -> Any:
    def register(write: Callable[[Path], None]) -> Callable[[Path], None]:
        LAYOUTS[write.__name__] = Layout(write, question, gold, kind, options, images, says)
        return write

    return register


def png(number: int = 0) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32 + number, 24), (20 * number % 256, 90, 140)).save(file, "PNG")
    return file.getvalue()


def lines(path: Path, records: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")


def sum_of(i: int) -> str:
    return f"Mara has {i + 2} pears and picks {i + 5} more. How many pears has she now?"


@layout(sum_of(0), "7", "math", says="answer_pattern: '#### (.+)$'")
def worked_solutions(folder: Path) -> None:
    lines(
        folder / "train.jsonl",
        [{"question": sum_of(i), "answer": f"{i + 2} + {i + 5} = {2 * i + 7}\n#### {2 * i + 7}"} for i in range(12)],
    )


@layout(sum_of(0), r"\frac{7}{2}", "math")
def boxed_solutions(folder: Path) -> None:
    records = [
        {
            "problem": sum_of(i),
            "level": "Level 2",
            "type": "Counting",
            "solution": rf"Halve it: $\boxed{{\frac{{{2 * i + 7}}}{{2}}}}$.",
        }
        for i in range(12)
    ]
    (folder / "set.json").write_text(json.dumps(records))


@layout("Which tree is number 1?", "A", "choice", ("amber", "birch", "cedar"))
def arc(folder: Path) -> None:
    lines(
        folder / "arc.jsonl",
        [
            {
                "id": f"T_{i}",
                "question": f"Which tree is number {i + 1}?",
                "choices": {"text": [WORDS[i], WORDS[(i + 1) % 12], WORDS[(i + 2) % 12]], "label": ["1", "2", "3"] if i % 2 else ["A", "B", "C"]},
                "answerKey": "1" if i % 2 else "A",
            }
            for i in range(12)
        ],
    )  # fmt: skip


@layout("Which tree is number 1?", "B", "choice", ("birch", "amber", "cedar"))
def commonsense(folder: Path) -> None:
    lines(
        folder / "dev_rand.jsonl",
        [
            {
                "id": f"C{i}",
                "question": {
                    "stem": f"Which tree is number {i + 1}?",
                    "question_concept": "tree",
                    "choices": [{"label": label, "text": WORDS[(i + k) % 12]} for label, k in zip("ABC", (1, 0, 2), strict=True)],
                },
                "answerKey": "B",
            }
            for i in range(12)
        ],
    )  # fmt: skip


@layout("Which of these is word 1?", "C", "choice", ("birch", "cedar", "amber", "delta"), says="option_base: 0")
def numbered_choices(folder: Path) -> None:
    records = [
        {
            "question": f"Which of these is word {i + 1}?",
            "subject": "words",
            "choices": [WORDS[(i + 1) % 12], WORDS[(i + 2) % 12], WORDS[i], WORDS[(i + 3) % 12]]
            if i % 2 == 0
            else [WORDS[i], "x", "y", "z"],
            "answer": 2 if i % 2 == 0 else 0,
        }
        for i in range(12)
    ]
    pq.write_table(pa.Table.from_pylist(records), folder / "mmlu.parquet")


@layout(
    "The lamp stood beside the _ because it was bright. (1)", "B", "choice", ("shelf", "window"), says="option_base: 1"
)
def option_columns(folder: Path) -> None:
    lines(
        folder / "w.jsonl",
        [
            {"sentence": f"The lamp stood beside the _ because it was bright. ({i + 1})", "option1": "shelf", "option2": "window",
             "answer": "2" if i % 3 == 0 else "1"}
            for i in range(12)
        ],
    )  # fmt: skip


@layout("Which number follows 1?", "B", "choice", ("1", "2", "8", "9"))
def letter_columns(folder: Path) -> None:
    rows = ["Question,A,B,C,D,Answer"]
    rows += [f"Which number follows {i + 1}?,{i + 1},{i + 2},{i + 8},{i + 9},B" for i in range(12)]
    (folder / "exam_val.csv").write_text("\n".join(rows) + "\n")


@layout("Which number follows 1?", "B", "choice", ("1", "2", "8", "9"), says="columns: [question, A, B, C, D, answer]")
def without_header(folder: Path) -> None:
    rows = [f"Which number follows {i + 1}?,{i + 1},{i + 2},{i + 8},{i + 9},B" for i in range(12)]
    (folder / "exam.csv").write_text("\n".join(rows) + "\n")


@layout("第1个整数加上5等于多少？", "6", "math", says="encoding: gbk")
def gbk(folder: Path) -> None:
    rows = ["题目,答案", *(f"第{i + 1}个整数加上5等于多少？,{i + 6}" for i in range(12))]
    (folder / "数学.csv").write_bytes("\n".join(rows).encode("gbk"))


@layout("How wide is strip 1?\nA. 2 cm\nB. 3 cm\nC. 4 cm", "C", "choice", ("2 cm", "3 cm", "4 cm"))
def options_in_the_question(folder: Path) -> None:
    records = [
        {"input": f"How wide is strip {i + 1}?\nA. {i + 2} cm\nB. {i + 3} cm\nC. {i + 4} cm", "target": "(C)"}
        for i in range(12)
    ]
    (folder / "task.json").write_text(json.dumps({"name": "strips", "examples": records}))


@layout("What colour is patch 1?", "amber", "text", images=1)
def paths_in_another_folder(folder: Path) -> None:
    lines(
        folder / "data" / "patches.jsonl",
        [{"question": f"What colour is patch {i + 1}?", "answer": WORDS[i], "image": f"p{i}.png"} for i in range(12)],
    )
    (folder / "pictures").mkdir()
    for i in range(12):
        (folder / "pictures" / f"p{i}.png").write_bytes(png(i))


@layout("How wide is bar 1?", "6", "math", images=1, says="images: 'bars/{$key}.png'")
def named_by_key(folder: Path) -> None:
    (folder / "bars").mkdir()
    for i in range(12):
        (folder / "bars" / f"bar{i}.png").write_bytes(png(i))
    records = {f"bar{i}": {"question": f"How wide is bar {i + 1}?", "answer": str(i + 6)} for i in range(12)}
    (folder / "bars.json").write_text(json.dumps(records))


@layout("How wide is bar 1?", "6", "math", images=2)
def image_features(folder: Path) -> None:
    records = [
        {
            "id": f"v{i}",
            "question": f"How wide is bar {i + 1}?",
            "image_1": {"bytes": png(i), "path": None},
            "image_2": {"bytes": png(i + 1), "path": None} if i % 2 == 0 else None,
            "answer": str(i + 6),
        }
        for i in range(12)
    ]
    pq.write_table(pa.Table.from_pylist(records), folder / "train-00000-of-00001.parquet")


@layout("How wide is bar 1?", "6", "math", images=1, says="read_as: base64")
def base64_text(folder: Path) -> None:
    lines(
        folder / "q.jsonl",
        [
            {"question": f"How wide is bar {i + 1}?", "answer": i + 6, "image": base64.b64encode(png(i)).decode()}
            for i in range(12)
        ],
    )


@layout("There are 5 boats and 3 sails.\n\nHow many boats are there?", "5", "math", says="explode: questions")
def passages(folder: Path) -> None:
    records = [
        {
            "passage": f"There are {i + 5} boats and {i + 3} sails.",
            "questions": [
                {"question": "How many boats are there?", "answer": str(i + 5)},
                {"question": "How many sails are there?", "answer": str(i + 3)},
            ],
        }
        for i in range(6)
    ]
    (folder / "p.json").write_text(json.dumps(records))


@layout(sum_of(0), "7", "math")
def prompts_of_a_trainer(folder: Path) -> None:
    records = [
        {
            "data_source": "pears",
            "prompt": [{"role": "user", "content": sum_of(i)}],
            "reward_model": {"style": "rule", "ground_truth": str(2 * i + 7)},
            "extra_info": {"split": "train", "index": i},
        }
        for i in range(12)
    ]
    pq.write_table(pa.Table.from_pylist(records), folder / "train.parquet")


@layout(sum_of(0), "7", "math", says="completion:")
def traces(folder: Path) -> None:
    lines(
        folder / "traces.jsonl",
        [
            {
                "instruction": sum_of(i),
                "answer": str(2 * i + 7),
                "response": f"<think>{i + 2} and {i + 5}, so</think> \\boxed{{{2 * i + 7}}}",
            }
            for i in range(12)
        ],
    )


@layout(sum_of(0), "7", "math", says="split: train")
def split_keys(folder: Path) -> None:
    records = [{"question": sum_of(i), "answer": str(2 * i + 7)} for i in range(12)]
    (folder / "all.json").write_text(json.dumps({"test": records[:2], "train": records}))


@layout("What do I get when I double it?", "7", "math", says="question: conversations")
def turns(folder: Path) -> None:
    records = [
        {
            "conversations": [
                {"from": "human", "value": f"Take half of {i + 7}."},
                {"from": "gpt", "value": "I have it."},
                {"from": "human", "value": "What do I get when I double it?"},
                {"from": "gpt", "value": f"<think>half, and twice</think> \\boxed{{{i + 7}}}"},
            ],
            "answer": str(i + 7),
        }
        for i in range(12)
    ]
    (folder / "t.json").write_text(json.dumps(records))


@layout(
    "The ferry to grove 0 leaves at 7.\n\nWhen does it leave for grove 0?",
    "7",
    "math",
    says="explode: paragraphs.*.qas",
)
def nested_passages(folder: Path) -> None:
    articles = [
        {
            "title": f"Ferries {i}",
            "paragraphs": [
                {
                    "context": f"The ferry to grove {2 * i + k} leaves at {2 * i + k + 7}.",
                    "qas": [
                        {
                            "id": f"f{i}{k}",
                            "question": f"When does it leave for grove {2 * i + k}?",
                            "answers": [{"text": str(2 * i + k + 7), "answer_start": 20}],
                        }
                    ],
                }
                for k in range(2)
            ],
        }
        for i in range(6)
    ]
    (folder / "ferries.json").write_text(json.dumps({"version": "1", "data": articles}))


@layout("What does sign 1 say?", "amber road", "text", images=1)
def accepted_answers(folder: Path) -> None:
    (folder / "signs").mkdir()
    for i in range(12):
        (folder / "signs" / f"s{i}.png").write_bytes(png(i))
    data = [
        {
            "questionId": i,
            "question": f"What does sign {i + 1} say?",
            "image": f"signs/s{i}.png",
            "answers": [f"{WORDS[i]} road", f"{WORDS[i]} road".upper()],
        }
        for i in range(12)
    ]
    (folder / "signs.json").write_text(json.dumps({"dataset_name": "signs", "data": data}))


@layout("Which of the two grows?", "B", "choice", ("amber", "birch"), says="csv: {separator: '|'")
def pipes(folder: Path) -> None:
    rows = [
        "id|question|options|answer",
        *(f"{i}|Which of the two grows?|['{WORDS[i - 1] if i else 'amber'}', 'birch']|B" for i in range(12)),
    ]
    (folder / "p.csv").write_text("\n".join(rows) + "\n")


def in_files(folder: Path, name: str, groups: list[list[dict[str, Any]]]) -> None:
    """Records in files `name` with the number of the group for `{}`."""
    for k, records in enumerate(groups):
        lines(folder / name.format(k), records)
