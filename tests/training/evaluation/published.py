"""Rows of our own in the layout that each benchmark is published in, as its manifest reads them."""

import base64
import io
from typing import Any

import PIL.Image


def _drawn() -> str:
    image = PIL.Image.new("RGB", (56, 56), "white")
    image.paste("red", (10, 10, 30, 40))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


IMAGE = _drawn()
"""As JSON Lines can hold it; on the Hub an image is `{bytes, path}`, which is read alike."""

FOUR = ["iron", "wood", "glass", "wool"]


def _problem(problem: str, key: str, letter: str = "B") -> dict[str, Any]:
    options = "A. 3; B. 4; C. 5; D. No correct answer"
    return {
        "ID": problem,
        "key": key,
        "question": f"{problem}, {key}: how long?",
        "option": options,
        "answer": letter,
    } | {"image_path": IMAGE}


def _thing(number: int, thing: str, answer: str) -> dict[str, Any]:
    return {"question_id": number, "question": f"Is there a {thing} in the image?", "answer": answer, "image": IMAGE}


def _hallusion(category: str, figure: int, question: int, answer: str) -> dict[str, Any]:
    ids = {"category": category, "subcategory": "chart", "set_id": "0", "figure_id": str(figure)}
    return {
        **ids,
        "question_id": str(question),
        "question": f"Is bar {question} the longest?",
        "gt_answer": answer,
        "image": IMAGE,
    }


def _variant(number: int) -> list[dict[str, Any]]:
    """The two questions of a split of DynaMath."""
    return [
        {
            "id": "1",
            "question": f"What is {number} / 3?",
            "ground_truth": str(number / 3),
            "decoded_image": IMAGE,
            "subject": "algebra",
        },
        {"id": "2", "question": f"Is {number} even? choices: (A) yes (B) no", "ground_truth": "AB"[number % 2]}
        | {"decoded_image": IMAGE, "subject": "arithmetic"},
    ]


_CHART = {
    "image": IMAGE, "reasoning_q": "Which line is the highest?", "reasoning_a": "red", "subplot_row": 0, "subplot_col": 0,
    "subplot_loc": None, "descriptive_q1": 1, "descriptive_a1": "Not Applicable", "descriptive_q2": 10, "descriptive_a2": "3",
    "descriptive_q3": 11, "descriptive_a3": "Yes", "descriptive_q4": 16, "descriptive_a4": "increases",
}  # fmt: skip
_MMMU = {"question": "What is it made of?", "options": str(FOUR), "answer": "C", "subject": "Art"}
_BLINK = {
    "idx": "val_1",
    "prompt": "Which image is red? (A) the first (B) the second",
    "choices": ["the first", "the second"],
} | {"answer": "(A)", "image_1": IMAGE, "image_2": IMAGE, "image_3": None, "image_4": None}

ROWS: dict[str, list[list[dict[str, Any]]]] = {
    "math500": [[{"problem": "What is $3 + 4$?", "answer": "7", "unique_id": "test/algebra/1.json"}]],
    "aime24": [[{"problem": "Find $m + n$.", "answer": "025", "id": 60}]],
    "aime25": [[{"problem": "Find $m + n$.", "answer": 70, "problem_idx": 1}]],
    "gpqa_diamond": [
        [
            {"Question": "What conducts?", "Correct Answer": "iron", "Incorrect Answer 1": "wood", "Incorrect Answer 2": "glass"}
            | {"Incorrect Answer 3": "wool", "High-level domain": "Physics", "Record ID": "rec1"}
        ]
    ],
    "mmlu_pro": [[{"question": "What conducts?", "options": FOUR, "answer": "A", "category": "physics", "question_id": 70}]],
    "mathvista": [
        [
            {"query": "Hint: answer with the letter.\nQuestion: How many?\nChoices:\n(A) 3\n(B) 4", "choices": ["3", "4"]}
            | {"answer": "4", "decoded_image": IMAGE, "metadata": {"task": "figure question answering"}, "pid": "1"},
            {"query": "How far?", "choices": None, "answer": "1.2", "decoded_image": IMAGE, "metadata": {"task": "x"}, "pid": "2"},
        ]
    ],
    "mathvision": [
        [
            {"question": "Which?\n<image1>", "options": list("ABCDE"), "answer": "D", "decoded_image": IMAGE, "subject": "algebra", "id": "1"},
            {"question": "How many?\n<image1>", "options": [], "answer": "60", "decoded_image": IMAGE, "subject": "counting", "id": "2"},
            {"question": "Is <image1> in <image2>?", "options": [], "answer": "yes", "decoded_image": IMAGE, "subject": "x", "id": "3"},
        ]
    ],
    "mathverse": [
        [
            {"question": "", "answer": "C", "image": IMAGE, "sample_index": "5"},
            {"question": "", "answer": "60", "image": IMAGE, "sample_index": "9"},
        ]
    ],
    "dynamath": [_variant(number) for number in range(1, 11)],
    "wemath": [
        [
            *(_problem("2steps_1", f"2steps_{step}") for step in ("1", "2", "multi")),
            *(_problem("3steps_1", f"3steps_{step}") for step in ("1", "2", "3", "multi")),
        ]
    ],
    "logicvista": [[{"question": "Which fits?", "answer": answer, "image": IMAGE} for answer in ("C", "A, C")]],
    "mmmu_pro": [[_MMMU | {"id": "a", "image_1": IMAGE} | {f"image_{n}": None for n in range(2, 8)}], [_MMMU | {"id": "a", "image": IMAGE}]],
    "charxiv": [[_CHART]] * 5,
    "pope": [
        [_thing(1, "dog", "yes"), _thing(2, "cup", "no"), _thing(3, "car", "yes"), _thing(4, "hat", "no")],
        [_thing(1, "dog", "yes"), _thing(2, "sea", "no"), _thing(3, "car", "yes"), _thing(4, "bus", "no")],
        [_thing(1, "dog", "yes"), _thing(2, "cat", "no"), _thing(3, "car", "yes"), _thing(4, "fox", "no")],
    ],
    "hallusion_bench": [
        [_hallusion("VS", 1, 0, "1"), _hallusion("VS", 1, 1, "0"), _hallusion("VD", 0, 0, "1")],
        [_hallusion("VS", 0, 0, "1") | {"image": None}, _hallusion("VS", 0, 1, "0") | {"image": None}],
    ],
    "mmstar": [
        [
            {"index": 0, "question": "What is red?\nOptions: A: the dot, B: the line, C: the bar, D: the sky", "answer": "B", "image": IMAGE}
            | {"category": "math", "l2_category": "geometry"}
        ]
    ],
    "blink": [[_BLINK | {"idx": f"val_{task}"}] for task in range(14)],
}  # fmt: skip
"""Benchmark -> for each source of its manifest the records."""
