"""Every tag style becomes one; nothing is invented."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curation.normalise.question import apply_rules
from curation.normalise.traces import drop_end_marks, drop_prompt, one_style

THOUGHT = "<think>\nhm\n</think>\n\n"


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        (
            "<|begin_of_thought|>\n\nhm\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n2\n<|end_of_solution|>",
            THOUGHT + "2",
        ),
        ("<Thought>\nhm\n</Thought>\n<Output>\n2\n</Output>", THOUGHT + "2"),
        ("<thinking>hm</thinking>2", THOUGHT + "2"),
        ("<reasoning>hm</reasoning><answer>2</answer>", THOUGHT + "2"),
        ("<think>hm</think><answer>2</answer>", THOUGHT + "2"),
        ("<think>hm</think> 2", "<think>hm</think> 2"),
        ("hm</think>2", THOUGHT + "2"),
        ("hm\n<|end_of_thought|>\n2", THOUGHT + "2"),
        ("<|begin_of_thought|>hm", "<think>\nhm"),
        ("<|begin_of_thought|>hm<|end_of_thought|><|begin_of_solution|>2 and", THOUGHT + "2 and"),
        (
            "<Thought>a</Thought>\n<Thought>b</Thought>\n<Output>2</Output>",
            "<think>\na\n</think>\n\n<think>b</think>\n<Output>2</Output>",
        ),
        ("<Thought>hm</Thought><Output>```<Output>x</Output>```</Output>", THOUGHT + "```<Output>x</Output>```"),
        ("I write no tags. \\boxed{2}", "I write no tags. \\boxed{2}"),
        ("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>2", THOUGHT + "2"),
        ("◁think▷hm◁/think▷2", THOUGHT + "2"),
        ("[THINK]hm[/THINK]2", THOUGHT + "2"),
        ("<seed:think>hm</seed:think>2", THOUGHT + "2"),
        ("<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>2<|END_RESPONSE|>", THOUGHT + "2"),
        ("<start_working_out>hm<end_working_out><SOLUTION>2</SOLUTION>", THOUGHT + "2"),
        ("## Thinking\n\nhm\n\n## Final Response\n\n2", THOUGHT + "2"),
        ("**Thinking:**\nhm\n**Final Answer:**\n2", THOUGHT + "2"),
        ("< THINK >hm</ Think >2", THOUGHT + "2"),
        ("hm [/THINK] 2", THOUGHT + "2"),
        ("<scratchpad>hm</scratchpad><Response>2</Response>", THOUGHT + "2"),
        ("<think>\n<think>hm</think>2", "<think>hm</think>2"),
        ("<think></think>\n<think>hm</think>2", "<think>hm</think>2"),
        ("<think>hm</think></think>2", "<think>hm</think>2"),
        ("<think>hm</think>2</think>", "<think>hm</think>2</think>"),
        ("◁think▷hm", "<think>\nhm"),
        (
            "A head **Thinking** is none inside.\n\n## Answer\n\n2",
            "A head **Thinking** is none inside.\n\n## Answer\n\n2",
        ),
        ("The tag <think> opens a thought.", "The tag <think> opens a thought."),
    ],
)
def test_tags(trace: str, expected: str) -> None:
    assert one_style(trace) == expected


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        ("<think>hm</think>2\n\nDONE.", "<think>hm</think>2"),
        ("It is $2$. **DONE.**", "It is $2$."),
        ("2<|im_end|>\n<|endoftext|>", "2"),
        ("<think>hm.\n\nDONE.\n</think>\n\n2", "<think>hm.\n</think>\n\n2"),
        ("Mr DONE", "Mr DONE"),
        ("It is DONE. Then 2.", "It is DONE. Then 2."),
    ],
)
def test_end_marks(trace: str, expected: str) -> None:
    assert drop_end_marks(trace) == expected


QUESTION = "What is 1 + 1 in base 10?"


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        (f"Solve this step by step. Problem: {QUESTION} Solution: \n<think>2</think>2", "<think>2</think>2"),
        ("Solve: What is  1 + 1\\, in base $10$? <think>2</think>2", "<think>2</think>2"),
        (f"{QUESTION}\n<Thought>2</Thought>", "<Thought>2</Thought>"),
        (f"<think>2</think>\n\n**Question:** {QUESTION}\n\nIt is 2.", "<think>2</think>It is 2."),
        (f"<think>{QUESTION} 2</think>2", f"<think>{QUESTION} 2</think>2"),
        ("First a remark. <think>2</think>2", "First a remark. <think>2</think>2"),
        (f"<think>2</think>{QUESTION}", f"<think>2</think>{QUESTION}"),
        (f"{QUESTION} It is 2.", f"{QUESTION} It is 2."),
    ],
)
def test_the_repeated_prompt(trace: str, expected: str) -> None:
    assert drop_prompt(trace, QUESTION) == expected


PIECES = (
    "<think>", "</think>", "<Thought>", "</Thought>", "<Output>", "</Output>", "<answer>", "</answer>", "<|begin_of_thought|>",
    "<|end_of_thought|>", "<|begin_of_solution|>", "<|end_of_solution|>", "hm", "\n", " ", "DONE.", "\\boxed{2}", QUESTION, "<|im_end|>",
    "◁think▷", "◁/think▷", "[THINK]", "[/THINK]", "<|channel|>analysis<|message|>", "<|end|>", "<|channel|>final<|message|>", "< Think >",
    "</ THINK>", "## Thinking\n", "\n## Final Response\n",
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@example("DONE." * 9 + "</Thought>")
@example("<|end_of_thought|><answer><answer><answer><answer>")
@example("<|end_of_thought|></ THINK><Output><Output><Output><Output>")
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_twice_is_once(trace: str) -> None:
    rules = (("end", drop_end_marks), ("prompt", lambda text: drop_prompt(text, QUESTION)), ("tags", one_style))
    once, _ = apply_rules(trace, rules)
    assert apply_rules(once, rules) == (once, [])
