"""Rows of our own in the layouts of `manifests/layouts.yaml`, and what is to come of them."""

from tests.curation.sources.hub_layouts import IMAGE, Expected, Layout, png

RED = {"bytes": png("red"), "path": None}
NO_IMAGES = dict.fromkeys((f"image_{number}" for number in range(3, 8)), None)

OWN_LAYOUTS: dict[str, Layout] = {
    "arc": Layout(
        [
            {"id": "a1", "question": "Which is a gas?", "answerKey": "B",
             "choices": {"text": ["stone", "air", "milk"], "label": ["A", "B", "C"]}},
            {"id": "a2", "question": "How many wheels has a bicycle?", "answerKey": "3",
             "choices": {"text": ["3", "4", "2"], "label": ["1", "2", "3"]}},
        ],
        [
            Expected("Which is a gas?\nA. stone\nB. air\nC. milk", "B", "choice"),
            Expected("How many wheels has a bicycle?\nA. 3\nB. 4\nC. 2", "C", "choice"),
        ],
    ),
    "arc_raw": Layout(
        [
            {"id": "r1", "answerKey": "A",
             "question": {"stem": "Which melts first?", "choices": [{"text": "ice", "label": "A"}, {"text": "iron", "label": "B"}]}},
            {"id": "r2", "answerKey": "2",
             "question": {"stem": "Which is alive?", "choices": [{"text": "sand", "label": "1"}, {"text": "moss", "label": "2"}]}},
        ],
        [
            Expected("Which melts first?\nA. ice\nB. iron", "A", "choice"),
            Expected("Which is alive?\nA. sand\nB. moss", "B", "choice"),
        ],
        file="rows.json",
    ),
    "openbookqa": Layout(
        [{"id": "o1", "question_stem": "The sun is a", "choices": {"text": ["star", "moon"], "label": ["A", "B"]}, "answerKey": "A"}],
        [Expected("The sun is a\nA. star\nB. moon", "A", "choice")],
    ),
    "commonsense_qa": Layout(
        [
            {"id": "c1", "question": "Where is a pan kept?", "question_concept": "pan", "answerKey": "E",
             "choices": {"label": ["A", "B", "C", "D", "E"], "text": ["sea", "car", "sky", "bed", "kitchen"]}},
        ],
        [Expected("Where is a pan kept?\nA. sea\nB. car\nC. sky\nD. bed\nE. kitchen", "E", "choice")],
    ),
    "mmlu": Layout(
        [{"question": "Which is even?", "subject": "arithmetic", "choices": ["1", "0", "3", "5"], "answer": 1}],
        [Expected("Which is even?\nA. 1\nB. 0\nC. 3\nD. 5", "B", "choice")],
    ),
    "mmlu_csv": Layout(
        [{}],
        [
            Expected("What is 2 + 3?\nA. 4\nB. 5\nC. 6\nD. 7", "B", "choice"),
            Expected("Which word, if any, is a noun?\nA. run\nB. quickly\nC. house\nD. None", "C", "choice"),
        ],
        file="none.json",
        reads="train.csv",
        files={"train.csv": b'What is 2 + 3?,4,5,6,7,B\n"Which word, if any, is a noun?",run,quickly,house,None,C\n'},
    ),
    "scienceqa": Layout(
        [
            {"image": None, "question": "Which is a bird?", "choices": ["owl", "bat"], "answer": 0, "hint": "Birds lay eggs.", "subject": "biology"},
            {"image": IMAGE, "question": "Which is west?", "choices": ["P", "Q"], "answer": 1, "hint": "", "subject": "geography"},
        ],
        [
            Expected("Birds lay eggs.\n\nWhich is a bird?\nA. owl\nB. bat", "A", "choice"),
            Expected("Which is west?\nA. P\nB. Q", "B", "choice", 1),
        ],
    ),
    "agieval_choice": Layout(
        [
            {"passage": None, "question": "若 $x=2$，则 $x^2$ 等于", "options": ["(A)2", "(B)4", "(C)8"], "label": "B", "answer": None, "other": None},
            {"passage": "两人同行。", "question": "哪些正确？", "options": ["(A)一", "(B)二", "(C)三"], "label": ["A", "C"], "answer": None, "other": None},
        ],
        [
            Expected("若 $x=2$，则 $x^2$ 等于\nA. 2\nB. 4\nC. 8", "B", "choice"),
            Expected("两人同行。\n哪些正确？\nA. 一\nB. 二\nC. 三", "A, C", "choices"),
        ],
        file="rows.json",
    ),
    "agieval_cloze": Layout(
        [{"passage": None, "question": "Find the range.", "options": None, "label": None, "answer": "(2,5]", "other": {"solution": "..."}}],
        [Expected("Find the range.", "(2,5]")],
        file="rows.json",
    ),
    "bbh_choice": Layout(
        [
            {"canary": "own", "examples": [
                {"input": "Ann is left of Bo. Who is right?\nOptions:\n(A) Ann\n(B) Bo", "target": "(B)"},
                {"input": "Cy is older than Di. Who is older?\nOptions:\n(A) Cy\n(B) Di", "target": "(A)"},
            ]},
        ],
        [
            Expected("Ann is left of Bo. Who is right?\nOptions:\n(A) Ann\n(B) Bo", "B", "choice"),
            Expected("Cy is older than Di. Who is older?\nOptions:\n(A) Cy\n(B) Di", "A", "choice"),
        ],
        file="rows.json",
        reads="rows.json",
    ),
    "bbh_words": Layout(
        [
            {"canary": "own", "examples": [
                {"input": "Close the brackets: ( [", "target": "] )"},
                {"input": "Sort: pear fig", "target": "fig pear"},
                {"input": "Does Bo lie?", "target": "No"},
            ]},
        ],
        [
            Expected("Close the brackets: ( [", "] )", "text"),
            Expected("Sort: pear fig", "fig pear", "text"),
            Expected("Does Bo lie?", "No", "text"),
        ],
        file="rows.json",
        reads="rows.json",
    ),
    "docvqa": Layout(
        [
            {"questionId": "7", "question": "Which date is it?", "question_types": ["form"], "image": IMAGE, "docId": 1,
             "answers": ["3/9/71", "March 9, 1971"]},
            {"questionId": "8", "question": "Who signed?", "question_types": ["form"], "image": IMAGE, "docId": 1, "answers": ["A. Own"]},
        ],
        [Expected("Which date is it?", "3/9/71", "text", 1), Expected("Who signed?", "A. Own", "text", 1)],
    ),
    "textvqa": Layout(
        [{"image_id": "t", "question_id": 5, "question": "What does it say?", "image": IMAGE, "answers": ["exit", "the exit", "exit", "EXIT"]}],
        [Expected("What does it say?", "exit", "text", 1)],
    ),
    "m3cot": Layout(
        [
            {"id": "p-1", "category": "own", "image_id": "p-1", "question": "Which force acts?", "choices": ["push", "pull"], "context": "Look.",
             "answer": "B", "rationale": "...", "split": "train", "image": IMAGE, "domain": "science", "topic": "physics"},
        ],
        [Expected("Look.\nWhich force acts?\nA. push\nB. pull", "B", "choice", 1)],
    ),
    "mathverse": Layout(
        [
            {"sample_index": "1", "problem_version": "Text Lite", "question": "Find AB.\nChoices:\nA:3\nB:4", "image": IMAGE, "answer": "B",
             "question_type": "multi-choice", "question_for_eval": "Find AB.\nChoices:\nA:3\nB:4"},
            {"sample_index": "2", "problem_version": "Text Lite", "question": "Find CD.", "image": IMAGE, "answer": "2 \\sqrt{3}",
             "question_type": "free-form", "question_for_eval": "Find CD."},
        ],
        [
            Expected("Find AB.\nChoices:\nA:3\nB:4", "B", "choice", 1),
            Expected("Find CD.", r"2 \sqrt{3}", "math", 1),
        ],
    ),
    "mmmu": Layout(
        [
            {"id": "d1", "question": "Compare <image 1> with <image 2>. Which is red?", "options": "['the first', 'the second']", "answer": "B",
             "question_type": "multiple-choice", "image_1": IMAGE, "image_2": RED, **NO_IMAGES},
            {"id": "d2", "question": "<image 1> How many squares are there?", "options": "[]", "answer": "1",
             "question_type": "open", "image_1": IMAGE, "image_2": None, **NO_IMAGES},
        ],
        [
            Expected("Compare <image 1> with <image 2>. Which is red?\nA. the first\nB. the second", "B", "choice", 2),
            Expected("<image 1> How many squares are there?", "1", "math", 1),
        ],
    ),
}  # fmt: skip
