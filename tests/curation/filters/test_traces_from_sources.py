r"""What is wrong with traces from sources, a filter each: bad ones that were not tuned on, and good ones that look like them."""

import json

import pytest

from curation.core.row import Row, make_row
from curation.filters.base import Filter
from curation.filters.conflicting_answers import ConflictingAnswers
from curation.filters.cut_off import CutOff
from curation.filters.language_switch import LanguageSwitch
from curation.filters.looping_end import LoopingEnd
from curation.filters.prompt_copied import PromptCopied
from curation.filters.role_leftovers import RoleLeftovers

QUESTION = "A farmer has 17 sheep and sells all but 9 of them on Monday. How many sheep are left on the farm?"
THOUGHT = "He sells all but 9, so 9 remain. Let me check this: 17 - 8 = 9. That fits what was asked."
ANSWER = "The farmer keeps the sheep that are not sold.\n\n\\[\n\\boxed{9}\n\\]"


def trace(answer: str = ANSWER, thought: str = THOUGHT, question: str = QUESTION, gold: str = "9") -> Row:
    completion = f"<think>\n{thought}\n</think>\n\n{answer}"
    return make_row(source="test", source_id="0", question=question, completion=completion, answer=gold)


def reason(filter: Filter, row: Row) -> str:
    judgement = filter.judge(row)
    return "" if judgement is True else judgement[1]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("First we count the sheep. There are 17 of them. Then we subtract the ones which he has sold on Mon", "cut_off_in_sentence"),
        ("The number of sheep is found as follows. We begin with the total, and", "cut_off_in_sentence"),
        ("We apply the formula\n\n\\[ n = 17 - 8 = \\frac{", "cut_off_in_formula"),
        ("The result is $n = 17 - \\left(8", "cut_off_in_formula"),
        ("In a table:\n\n\\begin{array}{c|c}\n17 & 8 \\\\", "cut_off_in_formula"),
        ("Here is the program:\n\n```python\nsheep = 17\nprint(", "cut_off_in_code"),
        ("He keeps nine of them (the ones that were not sold on", "cut_off_in_brackets"),
        ("He keeps nine of them (the ones he did not sell", "cut_off_in_brackets"),
        ("So the answer is \\boxed{9", "cut_off_in_formula"),
        ("Thus the final answer is:", "cut_off_in_sentence"),
        ("Nine are left: \\boxed{9}. To verify it we subtract 9 from 17 and get", "cut_off_in_sentence"),
        ("The answer is \\boxed{9}. Putting 9 in for n this gives", "cut_off_in_sentence"),
        ("The answer is \\boxed{9}. So for the other sheep we have", "cut_off_in_sentence"),
        ("Nine sheep are all we have", ""),
        ("答案是九只羊，因为", "cut_off_in_sentence"),
        ("42", ""),
        ("B", ""),
        ("**Answer:** Nine sheep", ""),
        ("The answer is nine sheep", ""),
        ("9 sheep are left on the farm", ""),
        ("农场里还剩九只羊", ""),
        ("所以答案是 9", ""),
        ("```python\nprint(17 - 8)\n```", ""),
        ("| day | sheep |\n|---|---|\n| Monday | 9 |", ""),
        ("It costs $5 and the other one costs $7.", ""),
        ("The interval is $[0, 1)$", ""),
        ("The rope is 12 in", ""),
        ("- nine sheep stay\n- eight sheep go", ""),
        ("The remaining sheep number \\(9\\)", ""),
        ("It follows that \\[ n = 9. \\]", ""),
        ("Steps:\n1. Count the sheep that he owned before\n2. Take away the sheep that he sold on Monday", ""),
        (ANSWER, ""),
    ],
)  # fmt: skip
def test_ends_that_are_none(answer: str, found: str) -> None:
    assert reason(CutOff(), trace(answer)) == found


@pytest.mark.parametrize(
    ("completion", "found"),
    [
        ("<think>\nHe sells all but nine of", "cut_off_in_thinking"),
        ("<think>\nHe sells all but nine of\n</think>\n\n9", "cut_off_thought"),
        ("<think>\nSo it is nine, because\n</think>\n\n\\boxed{9}", "cut_off_thought"),
        ("<think>\nSo the answer is:\n</think>\n\n\\boxed{9}", ""),
        ("<think>\nNine, I think\n</think>\n\n\\boxed{9}", ""),
        ("It is nine.", ""),
        ("", ""),
    ],
)
def test_thoughts_that_were_cut_off(completion: str, found: str) -> None:
    row = make_row(source="test", source_id="0", question=QUESTION, completion=completion)
    assert reason(CutOff(), row) == found


def test_the_end_of_the_thought_is_left_alone_where_it_is_not_wanted() -> None:
    assert CutOff(thought=False).judge(trace(thought="So it is nine, because")) is True


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We count. " + "Hold on, I should recount the sheep in the pen once more. " * 6, "loops_at_the_end"),
        ("We count. " + "wait, wait, " * 12 + "wai", "loops_at_the_end"),
        ("We count. " + "".join(f"x{i} = {i * 7} and so on\n" for i in range(1, 41)), "counts_at_the_end"),
        (
            "We count. " + ("Let me try again.\n\nThe sheep are 17.\n\nThat is not it.\n\n" * 5)[:-20],
            "loops_at_the_end",
        ),
        ("我们来数一数。" + "等一下，让我再检查一遍这个结果。" * 20, "loops_at_the_end"),
        ("We count. " + "\\frac{1}{2}+" * 60, "loops_at_the_end"),
        ("So it is 9. " + "".join(f"Case {i}: the remainder is {i % 7}, so it fails.\n" for i in range(1, 7)), ""),
        ("The primes are " + ", ".join(str(p) for p in range(101, 301, 2)), ""),
        ("\\begin{pmatrix} 0 & 0 & 0 \\\\ 0 & 0 & 0 \\\\ 0 & 0 & 0 \\end{pmatrix}", ""),
        ("| a | b |\n|---|---|\n" + "".join(f"| {i} | {i * i} |\n" for i in range(30)), ""),
        ("Check: 9 + 8 = 17. Yes. Check: 9 + 8 = 17. Yes.", ""),
        ("No, no, no. It is 9.", ""),
        ("=" * 100, ""),
    ],
)
def test_ends_that_repeat_themselves(text: str, found: str) -> None:
    assert reason(LoopingEnd(), trace(text, THOUGHT)) == found
    assert reason(LoopingEnd(), trace(ANSWER, text)) == found


@pytest.mark.parametrize(
    ("answer", "thought", "found"),
    [
        (f"Problem restated: {QUESTION}\n\n{ANSWER}", THOUGHT, "prompt_in_answer"),
        (f"{ANSWER}\n\n{QUESTION}", THOUGHT, "prompt_in_answer"),
        (ANSWER, f"{QUESTION}\n\n{THOUGHT}", "prompt_begins_thought"),
        (ANSWER, f"**{QUESTION.replace(' ', '  ')}**\n{THOUGHT}", "prompt_begins_thought"),
        (ANSWER, f"Okay. {QUESTION} {THOUGHT} Again: {QUESTION} So: {QUESTION}", "prompt_again_and_again"),
        (ANSWER, f"Okay, the question says: \"{QUESTION}\" {THOUGHT}", ""),
        (ANSWER, THOUGHT, ""),
        ("The farmer has 17 sheep and sells all but 9 of them, so 9 are left on the farm.", THOUGHT, ""),
    ],
)  # fmt: skip
def test_prompts_that_are_copied(answer: str, thought: str, found: str) -> None:
    assert reason(PromptCopied(), trace(answer, thought)) == found


def test_a_short_question_may_be_said_again() -> None:
    assert PromptCopied().judge(trace("What is 1 + 1? It is 2.", question="What is 1 + 1?")) is True
    command = "bash predict.sh predict_input.txt predict_output.txt T5small-en-en-finetune v1 12"
    assert PromptCopied().judge(trace(f"The command `{command}` runs a script.", question=command)) is True


CHINESE = "首先我们需要计算卖掉的羊的数量，然后从总数里减去它们。"
GERMAN = (
    "Zuerst zählen wir die Schafe auf dem Hof, und dann ziehen wir die verkauften Tiere von der Summe ab, weil der Bauer sie nicht mehr hat. "
    "Das Ergebnis ist also die Zahl der Schafe, die noch auf der Wiese stehen, und wir prüfen es mit einer zweiten Rechnung für den Montag. "
)
RUSSIAN = "Сначала мы считаем всех овец на ферме, а потом вычитаем проданных."
ENGLISH = "First we count the sheep that the farmer has, and then we subtract the ones which he has sold, so that we know how many of them stay. "


@pytest.mark.parametrize(
    ("answer", "thought", "question", "found"),
    [
        (ANSWER, f"{ENGLISH * 3} {CHINESE}{CHINESE} {ENGLISH}", QUESTION, "script_changes"),
        (ANSWER, f"{ENGLISH * 3} {RUSSIAN} {RUSSIAN}", QUESTION, "script_changes"),
        (CHINESE + CHINESE, ENGLISH * 4, QUESTION, "answers_in_another_script"),
        (ANSWER, ENGLISH * 10 + GERMAN * 5, QUESTION, "language_changes"),
        (
            CHINESE,
            f"{CHINESE * 4} {ENGLISH} {CHINESE}",
            "一个农夫有十七只羊，卖掉了一些，还剩九只。他卖掉了多少只羊？",
            "script_changes",
        ),
        (CHINESE, ENGLISH * 4, "一个农夫有十七只羊，卖掉了一些，还剩九只。他卖掉了多少只羊？", ""),
        (ANSWER, f"{ENGLISH} The farmer 王小明 owns them. {ENGLISH}", QUESTION, ""),
        (ANSWER, f'{ENGLISH} The sign says "{CHINESE}". {ENGLISH}', QUESTION, ""),
        (ANSWER, f"{ENGLISH} Let $\\text{{{CHINESE}}} = x$. {ENGLISH}", QUESTION, ""),
        (CHINESE, ENGLISH * 4, "Translate into Chinese: first we count the sheep.", ""),
        (ANSWER, f"{ENGLISH * 2} {CHINESE}", f"{QUESTION}\n{CHINESE}", ""),
        (ANSWER, f"{ENGLISH} αβγδεζηθικλμνξοπρστυφχψω {ENGLISH}", QUESTION, ""),
        (GERMAN, GERMAN * 6, "Ein Bauer hat 17 Schafe und verkauft alle bis auf 9. Wie viele bleiben?", ""),
        (ANSWER, ENGLISH * 2 + "$$x_1 = y_2 + z_3$$ " * 60 + ENGLISH, QUESTION, ""),
        (ANSWER, "", QUESTION, ""),
    ],
)
def test_language_switches(answer: str, thought: str, question: str, found: str) -> None:
    assert reason(LanguageSwitch(), trace(answer, thought, question)) == found


PARTS = "Find the area and the perimeter of the field. (a) What is its area? (b) What is its perimeter?"


@pytest.mark.parametrize(
    ("answer", "question", "gold", "found"),
    [
        ("So 8 are left: \\boxed{8}\n\nThus the final answer is \\boxed{9}.", QUESTION, "9", "conflicting_answers"),
        ("**Final Answer**\n\n\\boxed{8}\n\n**Final Answer**\n\n\\boxed{9}", QUESTION, "9", "conflicting_answers"),
        ("The answer is 8.\n\nTherefore $\\boxed{9}$.", QUESTION, "9", "conflicting_answers"),
        ("\\boxed{9}\n\nThe final answer is: 10", QUESTION, "9", "conflicting_answers"),
        ("The final answer is \\boxed{9}. Wait, that is wrong.", QUESTION, "9", "answer_taken_back"),
        ("The total is \\boxed{8}. No: \\boxed{9}.", QUESTION, "9", "answer_taken_back"),
        ("We get \\boxed{8}. Actually, it should be \\boxed{9}.", QUESTION, "9", "answer_taken_back"),
        ("剩下 \\boxed{8}。不对，应该是 \\boxed{9}。", QUESTION, "9", "answer_taken_back"),
        ("We get \\boxed{9}. Sorry, with the unit: \\boxed{9 \\text{ sheep}}.", QUESTION, "9", ""),
        ("The sheep number \\boxed{9}, and no, \\boxed{9.0} is not another answer.", QUESTION, "9", ""),
        ("Therefore the answer is \\boxed{x^2+1}.\n\nSo the answer is \\boxed{x^2-1}.", "Which polynomial has the roots 1 and -1?", "x^2-1",
         "conflicting_answers"),
        ("The answer is \\boxed{1/2}.\n\nSo the final answer is \\boxed{0.5}.", QUESTION, "1/2", ""),
        ("The answer is 9.\n\n\\boxed{9 \\text{ sheep}}", QUESTION, "9", ""),
        ("(a) The area is \\boxed{12}.\n\n(b) So the perimeter is \\boxed{14}.", PARTS, "14", ""),
        ("So the area is \\boxed{12}.\n\nSo the perimeter is \\boxed{14}.", PARTS, "14", ""),
        ("Thus $x = \\boxed{1}$.\n\nThus $y = \\boxed{2}$.", "Solve the system for x and y.", "2", ""),
        ("So the roots are \\boxed{1}, \\boxed{2} and \\boxed{3}.", QUESTION, "3", ""),
        ("**Final Answers**\n\n- \\boxed{1}\n- \\boxed{2}", QUESTION, "1, 2", ""),
        ("We have $17 - 9 = \\boxed{8}$ sold.\n\nThe final answer is \\boxed{9}.", QUESTION, "9", ""),
        ("A common wrong answer is 8.\n\nThe answer is \\boxed{9}.", QUESTION, "9", ""),
        (ANSWER, QUESTION, "9", ""),
        ("9", QUESTION, "9", ""),
    ],
)  # fmt: skip
def test_conflicting_answers(answer: str, question: str, gold: str, found: str) -> None:
    assert reason(ConflictingAnswers(), trace(answer, question=question, gold=gold)) == found


def test_options_are_compared_as_options() -> None:
    options = json.dumps({"choices": ["8", "9"]})
    for answer, found in (
        ("The answer is A.\n\n\\boxed{B}", "conflicting_answers"),
        ("The answer is B.\n\n\\boxed{B. 9}", ""),
    ):
        row = make_row(
            source="t",
            source_id="0",
            question=QUESTION,
            completion=answer,
            answer="B",
            answer_kind="choice",
            answer_options=options,
        )
        assert reason(ConflictingAnswers(), row) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{ANSWER}<|im_end|>\n<|im_start|>user\nAnd tomorrow?", "special_tokens"),
        (f"{ANSWER}\n[INST] And tomorrow? [/INST]", "special_tokens"),
        (f"{ANSWER}</s>\nMore text.", "special_tokens"),
        (f"{ANSWER}<｜User｜>And tomorrow?", "special_tokens"),
        (f"<start_of_turn>model\n{ANSWER}", "special_tokens"),
        (f"<tool_call>\n{{\"name\": \"calc\", \"arguments\": {{}}}}\n</tool_call>\n{ANSWER}", "tool_calls"),
        (f"I call it. {{\"name\": \"calc\", \"arguments\": {{\"x\": 1}}}} {ANSWER}", "tool_calls"),
        (f"Observation: the tool says 9.\n{ANSWER}", "tool_calls"),
        (f"```python exec\nprint(9)\n```\n{ANSWER}", "tool_calls"),
        (f"{ANSWER}\n\nUser: And tomorrow?\nAssistant: 9", "other_turns"),
        (f"{ANSWER}\n\nHuman: And tomorrow?", "other_turns"),
        (f"{ANSWER}\n\n### Instruction:\nCount the goats.", "other_turns"),
        (f"As an AI language model, I have no sheep. {ANSWER}", "talk_of_being_a_model"),
        (f"You are a helpful assistant.\n{ANSWER}", "system_prompt"),
        (ANSWER, ""),
        ("The system: $x + y = 9$\nSystem of equations: two of them.", ""),
        ("A user: someone who uses it. The human: 206 bones.", ""),
        ("```python\nlog = '''\nUser: hello\n'''\n```", ""),
        ("Note that $a<b$ and $|x|>2$, so `a <| b` and 5 < |x| > 3.", ""),
        ("The model of the farm is linear. An AI researcher: she counts sheep as an AI researcher does.", ""),
        ("Use the function f: f(9) = {9}. The name is \"f\".", ""),
        ("We use <b>bold</b> and <s>strike</s> text.", ""),
    ],
)  # fmt: skip
def test_leftovers_of_roles_and_tools(text: str, found: str) -> None:
    assert reason(RoleLeftovers(), trace(text)) == found
    assert reason(RoleLeftovers(), trace(ANSWER, text)) == found


def test_what_the_question_asks_about_is_no_leftover() -> None:
    asked = "What does the token <|im_end|> mean in ChatML, and who says it?\nUser: hello"
    assert RoleLeftovers().judge(trace("The token <|im_end|> ends a turn.", question=asked)) is True
