"""Rows of our own in the layout of every set that the paper's recipes read, and what is to come of them."""

import io
from dataclasses import dataclass, field
from typing import Any

from PIL import Image


def png(color: str = "green") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 32), color).save(out, "PNG")
    return out.getvalue()


IMAGE = {"bytes": png(), "path": None}
"""The `Image` feature as the Hub's files hold it."""


@dataclass(frozen=True)
class Expected:
    """What a record becomes; `None` where it drops, for the reason in `answer`."""

    question: str | None
    answer: str
    kind: str = "math"
    images: int = 0
    stratum: str = ""


@dataclass(frozen=True)
class Layout:
    """Records, the file that holds them, other files beside it, and the rows."""

    records: list[Any]
    rows: list[Expected]
    file: str = "rows.parquet"
    files: dict[str, bytes] = field(default_factory=dict)
    reads: str = ""
    """The glob that the source reads; the file when empty."""


def drops(reason: str) -> Expected:
    return Expected(None, reason)


def turns(question: str, answer: str) -> dict[str, Any]:
    """A row of LLaVA-OneVision-Data."""
    said = [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]
    return {"id": "i1", "image": IMAGE, "conversations": said, "data_source": "own"}


LETTER_HINT = "Hint: Please answer the question and provide the correct option letter, e.g., A, B, C, D, at the end."
ANSWER_HINT = "Hint: Please answer the question and provide the final answer at the end."

MATHEMATICS: dict[str, Layout] = {
    "aime": Layout(
        [{"ID": "1983-1", "Year": 1983, "Problem Number": 1, "Question": "What is 1 + 1?", "Answer": "2", "Part": None}],
        [Expected("What is 1 + 1?", "2", stratum="challenging")],
    ),
    "math": Layout(
        [
            {"problem": "What is half of 3?", "level": "Level 1", "solution": r"It is $\boxed{\frac{3}{2}}$.", "type": "Algebra"},
            {"problem": "Find $n$.", "level": "Level 5", "solution": r"So $n = \boxed{7}$.", "type": "Number Theory"},
            {"problem": "Find $m$.", "level": "Level ?", "solution": r"$\boxed{8}$", "type": "Number Theory"},
        ],
        [
            Expected("What is half of 3?", r"\frac{3}{2}", stratum="easy"),
            Expected("Find $n$.", "7", stratum="challenging"),
            Expected("Find $m$.", "8", stratum="intermediate"),
        ],
    ),
    "numina_math": Layout(
        [
            {"problem": "What is 2 + 2?", "solution": "4", "answer": "4", "question_type": "math-word-problem", "source": "own"},
            {"problem": "Prove it.", "solution": "...", "answer": "proof", "question_type": "proof", "source": "own"},
        ],
        [Expected("What is 2 + 2?", "4"), drops("answer_missing")],
    ),
    "tulu3_math": Layout(
        [{"messages": [{"role": "user", "content": "What is 3 + 3?"}], "ground_truth": "6", "dataset": "MATH"}],
        [Expected("What is 3 + 3?", "6", stratum="intermediate")],
    ),
    "openr1_math": Layout(
        [{"problem": "What is 4 + 4?", "answer": "8", "uuid": "u1", "generations": ["..."]}],
        [Expected("What is 4 + 4?", "8", stratum="challenging")],
    ),
}  # fmt: skip

IMAGES: dict[str, Layout] = {
    "geometry3k": Layout(
        [{"images": [IMAGE], "problem": "<image>Find $x$.", "answer": r"2 \sqrt { 221 }", "id": 1}],
        [Expected("Find $x$.", r"2 \sqrt { 221 }", images=1, stratum="intermediate")],
    ),
    "geoqa": Layout(
        [{"image": IMAGE, "problem": "How large is angle A?", "solution": "<answer> 145° </answer>"}],
        [Expected("How large is angle A?", "145°", images=1, stratum="intermediate")],
    ),
    "geos": Layout(
        [
            turns(f"<image>\n{LETTER_HINT}\nQuestion: How long is AB?\nChoices:\n(A) 3\n(B) 4", "The answer is B"),
            turns(f"{ANSWER_HINT}\nQuestion: How long is CD?", "The answer is 5"),
        ],
        [
            Expected("How long is AB?\nChoices:\n(A) 3\n(B) 4", "B", "choice", 1, "intermediate"),
            Expected("How long is CD?", "5", "math", 1, "intermediate"),
        ],
    ),
    "iconqa": Layout(
        [turns(f"<image>\n{LETTER_HINT}\nQuestion: How many?\nChoices:\n(A) 6\n(B) 7", "The answer is A")],
        [Expected("How many?\nChoices:\n(A) 6\n(B) 7", "A", "choice", 1, "easy")],
    ),
    "iconqa_pictures": Layout(
        [{"question": "Which is longer?", "choices": ["choice_0.png", "choice_1.png"], "answer": 1, "ques_type": "choose_img"}],
        [Expected("Which is longer?\nA. picture 2\nB. picture 3", "B", "choice", 3, "easy")],
        file="17/data.json",
        files={"17/image.png": png("white"), "17/choice_0.png": png("red"), "17/choice_1.png": png("blue")},
        reads="*/data.json",
    ),
    "pixmo_count": Layout(
        [
            {"image_url": "-", "image_sha256": "abc", "count": 3, "label": "dogs", "points": None},
            {"image_url": "-", "image_sha256": "gone", "count": 1, "label": "cats", "points": None},
        ],
        [Expected("How many dogs are there in the image?", "3", "number", 1), drops("picture_missing")],
        files={"abc.png": png()},
    ),
    "chartqa": Layout(
        [
            {"image": IMAGE, "query": "How many bars?", "label": ["14"], "human_or_machine": 0},
            {"image": IMAGE, "query": "In which year?", "label": ["2010"], "human_or_machine": 1},
            {"image": IMAGE, "query": "Which colour?", "label": ["Green"], "human_or_machine": 1},
        ],
        [
            Expected("How many bars?", "14", "number", 1),
            Expected("In which year?", "2010", "math", 1),
            Expected("Which colour?", "Green", "text", 1),
        ],
    ),
    "puzzlevqa": Layout(
        [{"image": IMAGE, "category": "own", "question": "Which number?", "answer": "5", "options": "['7', '5']", "caption": ""}],
        [Expected("Which number?\nA. 7\nB. 5", "B", "choice", 1)],
    ),
    "algopuzzlevqa": Layout(
        [{"image": "images/2.png", "question": "Which day?", "answer": "Monday", "options": ["Sunday", "Monday"]}],
        [Expected("Which day?\nA. Sunday\nB. Monday", "B", "choice", 1)],
        file="calendar.json",
        files={"images/2.png": png()},
    ),
    "tqa": Layout(
        [
            {
                "globalID": "L_0001", "lessonName": "own", "topics": {},
                "questions": {
                    "diagramQuestions": {
                        "DQ_000001": {
                            "beingAsked": {"processedText": "Which part is the root?", "rawText": ""},
                            "answerChoices": {"b": {"processedText": "the lower"}, "a": {"processedText": "the upper"}},
                            "correctAnswer": {"processedText": "b", "rawText": "b"}, "imagePath": "question_images/plant.png",
                        },
                        "DQ_000002": {
                            "beingAsked": {"processedText": "Which part is the leaf?"},
                            "answerChoices": {"a": {"processedText": "P"}, "b": {"processedText": "Q"}},
                            "correctAnswer": {"processedText": "a"}, "imagePath": "question_images/gone.png",
                        },
                    },
                    "nonDiagramQuestions": {
                        "NDQ_000001": {
                            "beingAsked": {"processedText": "Ice is a solid."},
                            "answerChoices": {"a": {"processedText": "true"}, "b": {"processedText": "false"}},
                            "correctAnswer": {"processedText": "a"},
                        },
                        "NDQ_000002": {"beingAsked": {"processedText": "What is ice?"}, "answerChoices": {}},
                    },
                },
            },
            {"globalID": "L_0002", "lessonName": "without questions"},
        ],
        [
            Expected("Which part is the root?\nA. the upper\nB. the lower", "B", "choice", 1, "easy"),
            drops("picture_missing"),
            Expected("Ice is a solid.\nA. true\nB. false", "A", "choice", 0, "easy"),
            drops("field_missing"),
            drops("no_items"),
            drops("no_items"),
        ],
        file="tqa_v1_train.json",
        files={"question_images/plant.png": png()},
    ),
    "scienceqa": Layout(
        [
            {"image": None, "question": "Which is a mammal?", "choices": ["cat", "fly"], "answer": 0, "hint": "Mammals have fur."},
            {"image": IMAGE, "question": "Which is north?", "choices": ["P", "Q"], "answer": 1, "hint": ""},
        ],
        [
            Expected("Mammals have fur.\n\nWhich is a mammal?\nA. cat\nB. fly", "A", "choice", 0, "easy"),
            Expected("Which is north?\nA. P\nB. Q", "B", "choice", 1, "easy"),
        ],
    ),
    "k12_mm_eureka": Layout(
        [{"id": "k1", "question": "<image>How long is AB?", "answer": "3", "subject": "math", "image": IMAGE}],
        [Expected("How long is AB?", "3", images=1)],
    ),
    "atomthink": Layout(
        [
            {
                "image": "images/own/1.png", "question": "<image>\nHow many sides has it?\nAnswer the question using a single word or phrase.",
                "conversations": [
                    {"from": "human", "value": "<image>\nTHE GIVEN QUESTION: ... HISTORICAL REASONING STEPS: ..."},
                    {"from": "gpt", "value": reply},
                ],
            }
            for reply in ("Step 1: It is a square.", "To sum up, the final answer is: 4.")
        ],
        [drops("gold_unreadable"), Expected("How many sides has it?", "4", images=1)],
        file="AMATH-SFT.json",
        files={"images/own/1.png": png()},
    ),
}  # fmt: skip

PROMPTS = ("math", "numina_math", "tulu3_math")
"""Sets of the cold start that have no traces: the teacher writes them."""
TRACE = r"<think>4 + 4 = 8</think>\boxed{8}"
WRONG_TRACE = r"<think>4 + 4 = 9</think>\boxed{9}"
OPENR1 = {"problem": "What is 4 + 4?", "answer": "8", "uuid": "u1", "generations": [TRACE, WRONG_TRACE]}

TRACES: dict[str, Layout] = {
    "openr1_math": Layout([OPENR1], [Expected("What is 4 + 4?", "8", stratum="challenging")] * 2),
    "openr1_math_extended": Layout([OPENR1], [Expected("What is 4 + 4?", "8", stratum="intermediate")] * 2),
    "open_thoughts": Layout(
        [
            {"problem": "What is 4 + 5?", "ground_truth_solution": "9", "deepseek_reasoning": "4 + 5 = 9", "deepseek_solution": r"\boxed{9}",
             "domain": "math", "source": "own"},
            {"problem": "Write it in C.", "ground_truth_solution": None, "deepseek_reasoning": "hm", "deepseek_solution": "int main;",
             "domain": "code", "source": "own"},
        ],
        [Expected("What is 4 + 5?", "9"), Expected("Write it in C.", "")],
    ),
    **{
        name: Layout(
            [{"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "<think>hm</think>So."}], "num_tokens": 9}],
            [Expected("Why?", "")],
        )
        for name in ("thoughts_science", "thoughts_code")
    },
    "am_deepseek_r1": Layout(
        [
            {
                "messages": [
                    {"role": "user", "content": "What is 5 + 5?",
                     "info": {"source": "own", "reference_answer": "10", "think_content": None, "answer_content": None}},
                    {"role": "assistant", "content": "<think>5 + 5</think><answer>10</answer>",
                     "info": {"source": "own", "reference_answer": None, "think_content": "5 + 5", "answer_content": r"\boxed{10}"}},
                ]
            }
        ],
        [Expected("What is 5 + 5?", "10")],
    ),
    **{name: MATHEMATICS[name] for name in PROMPTS},
}  # fmt: skip

LAYOUTS: dict[tuple[str, str], Layout] = {
    **{("multimodal_rl", name): layout for name, layout in {**MATHEMATICS, **IMAGES}.items()},
    **{("cold_start", name): layout for name, layout in TRACES.items()},
}
