"""Instructions, chat templates and solved examples come off; the problem stays as it is."""

import pytest

from curation.normalise.chat import last_question, unwrap_chat
from curation.normalise.wrappers import strip_instructions

PROBLEM = "Find the sum of all $n$ with $n^2 = 4$."

WRAPPERS = (
    "{} Let's think step by step and output the final answer within \\boxed{{}}.",
    "{}\nPlease reason step by step, and put your final answer within \\boxed{{}}.",
    "{}\n\nPlease reason step by step, and put your final answer within \\\\boxed{{}}.",
    "Return your final response within \\boxed{{}}. {}",
    "Solve the following math problem efficiently and clearly. Please reason step by step, and put your final answer within \\boxed{{}}.\n"
    "Problem: {}",
    "Solve the following math problem efficiently and clearly:\n\n- For simple problems (2 steps or fewer):\nBe concise.\n\nAlways conclude "
    "with:\n\nTherefore, the final answer is: $\\boxed{{answer}}$. I hope it is correct.\n\nWhere [answer] is just the final number.\n\n"
    "Problem: {}",
    "{}\nAnswer the question using a single word or phrase.",
    "{}\nAnswer with the option's letter from the given choices directly.",
    "Question: {}\nAnswer:",
    "Question: {} Answer:",
    "Q: {}\nA:",
    "Problem:\n{}\n\nSolution:",
    "Question: {}\nAnswer: Let's think step by step.",
    "Solve this math problem step by step. Put your final answer in \\boxed{{}}. Problem: {} Solution: ",
    "Solve this problem step by step. End with 'DONE.' when you have a solution. \n\n Question: {} \n\n Solution: \n",
    "{} Output the thinking process in <think> </think> and final answer (number) in <answer> </answer> tags.",
    "{} You FIRST think about the reasoning process as an internal monologue and then provide the final answer. The reasoning process MUST "
    "BE enclosed within <think> </think> tags. The final answer MUST BE put in \\boxed{{}}.",
    "Solve the following math problem step by step. The last line of your response should be of the form Answer: $Answer (without quotes) "
    'where $Answer is the answer to the problem.\n\n{}\n\nRemember to put your answer on its own line after "Answer:".',
    "Hint: Please answer the question and provide the correct option letter, e.g., A, B, C, D, at the end.\nQuestion: {}",
    "Hint: Please answer the question requiring an integer answer and provide the final value, e.g., 1, 2, 3, at the end.\nQuestion: {}",
    "{} Show your work and put the final answer in \\boxed{{}}.",
    "{}\nPresent the answer in LaTex format: \\boxed{{Your answer}}",
    "{} Make sure to put the answer (and only answer) inside \\boxed{{}}.",
    "{} Please provide a step by step solution.",
    "{} (Put the final answer in \\boxed{{}}.)",
    "{} Box your final answer.",
    "{} 请逐步推理，并将最终答案放在\\boxed{{}}中。",
    "{}\n请通过逐步推理来解答问题，并把最终答案放置于\\boxed{{}}中。",
    "You must put your answer inside <answer> </answer> tags, i.e., <answer> answer here </answer>. And your final answer will be extracted "
    "automatically by the \\boxed{{}} tag.\nThis is the problem:\n{}",
    "You are a helpful assistant. {}",
    "Please solve this math problem: {}",
    "\n## Question: \n\n{}\n\n\n## Instruction \n\nPlease answer this question by first reasoning and then providing your answer.\nPresent "
    'your reasoning and solution in the following json format.\n```json\n{{"reasoning": "___", "answer": "___"}}\n```\n',
    "{} Let me think hard. Detailed solution:",
    "{} Stream of thoughts:",
)


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapper_comes_off(wrapper: str) -> None:
    assert strip_instructions(wrapper.format(PROBLEM)) == PROBLEM


@pytest.mark.parametrize(
    "text",
    [
        "Express your answer as a common fraction.",
        "Give your final answer in the form $a+b\\sqrt{c}$.",
        "Write your answer to the nearest tenth.",
        "What is the first step to solve $x+1=2$?",
        "Explain how photosynthesis works step by step.",
        "How many steps must be climbed step by step?",
        "Think of a number. Double it.",
        "Put the numbers 3, 2, 1 in order.",
        "A student says: the answer is 4. What was the question?",
        "Let's walk 3 steps. Then think. Where are we?",
        "Solve the problem first for $n=3$, then for all $n$.",
        "Evaluate the sum and write the answer in the box.",
        "Is the solution: yes or no?",
        "Solve for $x$: $x+1=2$",
    ],
)
def test_what_belongs_to_the_problem_stays(text: str) -> None:
    assert strip_instructions(text) == text


def test_an_instruction_joined_to_the_problem_leaves_the_problem() -> None:
    assert strip_instructions("Find x and put the answer in \\boxed{}.") == "Find x"


def test_a_manifest_brings_its_own_instructions() -> None:
    assert strip_instructions("Reply in one line. What is 1 + 1?", (r"Reply in one line",)) == "What is 1 + 1?"


@pytest.mark.parametrize(
    "template",
    [
        "<|im_start|>user\n{}<|im_end|>",
        "<|im_start|>system\nBe good.<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n<think>",
        "<s>[INST] {} [/INST]",
        "[INST] <<SYS>>\nBe good.\n<</SYS>>\n\n{} [/INST]",
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        "<bos><start_of_turn>user\n{}<end_of_turn>\n<start_of_turn>model\n",
        "<｜begin▁of▁sentence｜>Be good.<｜User｜>{}<｜Assistant｜><think>",
        "<|user|>\n{}<|end|>\n<|assistant|>",
        "A conversation between User and Assistant. The User asks a question, and the Assistant solves it.\nUser: {}\nAssistant: <think>",
        "Human: {}\n\nAssistant:",
        "### Instruction:\n{}\n\n### Response:",
        "Student: {}\nTeacher: Let's think:",
    ],
)
def test_a_chat_template_comes_off(template: str) -> None:
    assert unwrap_chat(template.format(PROBLEM)) == PROBLEM


@pytest.mark.parametrize(
    "text",
    [
        PROBLEM,
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nWhat is 1 + 1?<|im_end|>",
        "Human: Hi\n\nAssistant: Hello\n\nHuman: What is 1 + 1?\n\nAssistant:",
        "The token <|im_start|>user\nopens a turn. What closes it?",
        "Student: I have 3 apples.\nTeacher: I have 4. How many have we?",
    ],
)
def test_conversations_and_mentions_are_no_template(text: str) -> None:
    assert unwrap_chat(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Question: 1 + 1?\nAnswer: 2\n\nQuestion: 1 + 2?\nAnswer:", "1 + 2?"),
        ("Question: 1 + 1?\nAnswer: 2\n\nQuestion: 1 + 2?\n\nAnswer: 3\n\nQuestion: What is 2 + 2?", "What is 2 + 2?"),
        ("Problem:\n1 + 1?\n\nSolution:\n2\n\nProblem:\n$x$?\n\nSolution:", "$x$?"),
        ("Q: 1 + 1?\nA: 2\nQ: 1 + 2?\nA:", "1 + 2?"),
        ("Question 1: What is $a$?\nQuestion 2: What is $b$?", None),
        ("Problem: A says\nQuestion: what does B say?", None),
        ("Question: 1 + 1?\nAnswer: 2\n\nQuestion: 1 + 2?\nAnswer: 3", None),
    ],
)
def test_solved_examples_come_off(text: str, expected: str | None) -> None:
    assert last_question(text) == (expected or text)
