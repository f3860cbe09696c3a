"""Cues of behaviors: what counts, and what only looks like one."""

import pytest

from curation.sampling.behaviors import CUES, count_behaviors

CASES: list[tuple[str, str, int]] = [
    ("backtracking", "So x = 3. Wait, that is wrong. Hmm, no. Actually, x = 4.", 3),
    ("backtracking", "I made a mistake above. Let me try again.", 2),
    ("backtracking", "They wait for the bus. It actually comes.", 0),
    ("subgoal_setting", "First, I find the area. Then, we add. Step 2: halve.", 3),
    ("subgoal_setting", "The first person came first.", 0),
    ("verification", "Let me verify this. I'll double-check the sum. To confirm, add again.", 3),
    ("verification", "She pays by check.", 0),
    ("backward_chaining", "To get this, we need b. Working backwards, b = 2.", 2),
    ("backward_chaining", "To get home, he walks.", 0),
    ("visual_reflection", "Let me look at the image again.", 1),
    ("visual_reflection", "Let me see the picture again.", 1),
    ("visual_reflection", "The image shows a cat.", 0),
    ("visual_divide_and_conquer", "First look at the numbers on the left.", 1),
    ("visual_divide_and_conquer", "Next, I look at the upper right corner.", 1),
    ("visual_divide_and_conquer", "First look at the equation.", 0),
    ("visual_verification", "I will now verify this against the image.", 1),
    ("visual_verification", "I verify it by adding.", 0),
    ("goal_driven_visual_tracing", "To get this answer, I need to find an object that is red.", 1),
    ("mental_imagery", "Let me visualize the cube. Imagine that I imagine it.", 2),
    ("mental_imagery", "The picture is large.", 0),
]


@pytest.mark.parametrize(("behavior", "response", "n"), CASES)
def test_cues_are_counted(behavior: str, response: str, n: int) -> None:
    assert count_behaviors(response)[behavior] == n


def test_every_behavior_has_a_case() -> None:
    assert {behavior for behavior, _, n in CASES if n} == set(CUES)


def test_a_long_response_takes_little_time() -> None:
    """No cue backtracks over a long text: twice the text is about twice the work, so this ends."""
    assert sum(count_behaviors("To get the first next of the " * 20_000).values()) == 0
