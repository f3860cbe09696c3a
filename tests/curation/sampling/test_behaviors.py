"""Cues of behaviors: sentences of our own, what counts and what only looks like it, in English and Chinese."""

import pytest

from curation.core.schema import BEHAVIORS
from curation.sampling.behaviors import count_behaviors
from curation.sampling.behaviors.chinese import CHINESE
from curation.sampling.behaviors.count import MAX_CHARS, instances
from curation.sampling.behaviors.cues import CUES

B, S, V, C = BEHAVIORS[:4]
R, D, P, G = BEHAVIORS[4:8]
M = BEHAVIORS[8]

SENTENCES: list[tuple[str, tuple[str, ...]]] = [
    ("Wait, that gives seven.", (B,)),
    ("But wait, what if x is zero?", (B,)),
    ("**Wait** - the sum is odd.", (B,)),
    ("Wait a minute, is that allowed?", (B,)),
    ("Hold on.", (B,)),
    ("Hmm, hold on a second.", (B,)),
    ("Alternatively, use the law of sines.", (B,)),
    ("Actually, the radius is 3.", (B,)),
    ("That can't be right.", (B,)),
    ("So I must have made a sign error somewhere.", (B,)),
    ("There must be a mistake in the third line.", (B,)),
    ("This approach doesn't work for odd n.", (B,)),
    ("Let me try a different approach.", (B,)),
    ("I misread the question.", (B,)),
    ("Let me reconsider the second case.", (B,)),
    ("Let's think about this another way: is there a simpler method?", (B,)),
    ("On second thought, n = 4 fails.", (B,)),
    ("They wait for the bus.", ()),
    ("Wait for the bus, then get in.", ()),
    ("Wait until the timer stops.", ()),
    ("Wait times are 5 minutes.", ()),
    ("Hold on to the rope.", ()),
    ("The clerk actually sold nine.", ()),
    ("You can pay in cash or, alternatively, by card.", ()),
    ("He made no mistake in the test.", ()),
    ("Make sure there is not a mistake in the form.", ()),
    ("The answer that is wrong costs a point.", ()),
    ("First, I need to find the area.", (S,)),
    ("Next, let's compute the slope.", (S,)),
    ("Step 2: subtract 4 from both sides.", (S,)),
    ("Let me break this down into parts.", (S,)),
    ("I'll start by listing the primes.", (S,)),
    ("Now, we need to solve for y.", (S,)),
    ("First, calculate the discriminant.", (S,)),
    ("Our plan is to fill the table from below.", (S,)),
    ("The next step is to square both sides.", (S,)),
    ("The first row of the table has 3 entries.", ()),
    ("First place goes to Anna.", ()),
    ("She came first, then Bob.", ()),
    ("Now there are 12 apples.", ()),
    ("Then x = 4.", ()),
    ("This follows from step 2 of the proof.", ()),
    ("The next train starts at noon.", ()),
    ("Let me verify this with n = 3.", (V,)),
    ("I'll double-check the arithmetic.", (V,)),
    ("To confirm, add the parts again.", (V,)),
    ("Checking: 3 + 4 = 7.", (V,)),
    ("Just to be sure, I can recompute it.", (V,)),
    ("That matches what we found earlier.", (V,)),
    ("So it checks out.", (V,)),
    ("Let me see if that works.", (V,)),
    ("Is that correct?", (V,)),
    ("Yes, that matches.", (V,)),
    ("She pays by check.", ()),
    ("Check the box next to your name.", ()),
    ("Let me check the box with the red lid.", ()),
    ("The match lasted two hours.", ()),
    ("It is correct to say that a square is a rectangle.", ()),
    ("Let me make sure I understand the rules.", ()),
    ("Working backwards from 24, we had 12 before.", (C,)),
    ("To find the height, I need to know the area.", (C,)),
    ("To get this total, we must find two odd numbers.", (C,)),
    ("What do we need for this sum to be 10?", (C,)),
    ("It suffices to show that n is even.", (C,)),
    ("If I can show that f is injective, then the bound follows.", (C,)),
    ("To get home, he walks.", ()),
    ("The tape runs backwards.", ()),
    ("To solve this problem, we need to find x.", ()),
    ("We need more chairs.", ()),
    ("Looking back at the diagram, the arc is the smaller one.", (R,)),
    ("Let me look at the image again.", (R,)),
    ("I should re-examine the chart.", (R, B)),
    ("Wait, looking at the figure, the bar is shorter.", (B, R)),
    ("Let me take a closer look at the picture.", (R,)),
    ("The image shows a cat.", ()),
    ("Look at the graph of f.", ()),
    ("He looks at the picture on the wall.", ()),
    ("First look at the numbers on the left.", (D,)),
    ("Next, I focus on the upper right corner.", (S, D)),
    ("Now let me look at the bottom row.", (S, D)),
    ("Let me divide the image into four regions.", (D,)),
    ("First look at the equation.", ()),
    ("First, look at the left side of the equation.", (S,)),
    ("The first row of the picture is red.", ()),
    ("Then, moving 5x to the left, x = 3.", ()),
    ("Next, moving to the next lower power, 7^2 = 49.", ()),
    ("I can break the graph into two bipartite parts.", ()),
    ("I will now verify this against the image.", (V, P)),
    ("Comparing this with the chart, 40 is right.", (P,)),
    ("The figure confirms the angle.", (P,)),
    ("I verify it by adding.", ()),
    ("The frame fits in the picture.", ()),
    ("To get this answer, I need to find an object that is red.", (G, C)),
    ("I am looking for a bar in the chart that is above 50.", (G,)),
    ("To find the root, we look for a sign change.", ()),
    ("Let me visualize the cube.", (M,)),
    ("Imagine folding the net along the dashed line.", (M,)),
    ("I'll draw a quick sketch of the triangle.", (M,)),
    ("In my mind the gear turns left.", (M,)),
    ("Let me picture this: a ladder and a wall.", (M,)),
    ("We draw 3 balls from the urn.", ()),
    ("The picture is large.", ()),
    ("I imagine it's a typo.", ()),
    ("We visualize the data with a bar plot.", ()),
    ("Imaginary roots come in pairs.", ()),
    ("等等，这里算错了。", (B,)),
    ("不对，应该是三。", (B,)),
    ("我买了苹果、梨等等。", ()),
    ("首先，我们需要求出面积。", (S,)),
    ("他首先到达终点。", ()),
    ("让我验证一下这个结果。", (V,)),
    ("从结果倒推，之前是十二。", (C,)),
    ("让我再看一下图。", (R,)),
    ("先看左边的数字。", (D,)),
    ("与图片对照，结论一致。", (P,)),
    ("要回答这个问题，我需要在图中找到红色的物体。", (G, C)),
    ("想象一下这个立方体展开。", (M,)),
    ("图很大。", ()),
]


@pytest.mark.parametrize(("sentence", "behaviors"), SENTENCES, ids=[sentence[:40] for sentence, _ in SENTENCES])
def test_a_sentence_is_an_instance_of_its_behaviors(sentence: str, behaviors: tuple[str, ...]) -> None:
    assert {name for name, n in count_behaviors(sentence).items() if n} == set(behaviors)


def test_every_behavior_has_cues_in_both_languages_and_sentences_that_are_none() -> None:
    assert tuple(CUES) == tuple(CHINESE) == BEHAVIORS
    assert {name for _, names in SENTENCES for name in names} == set(BEHAVIORS)


@pytest.mark.parametrize(
    ("response", "n"),
    [
        ("Wait, no. Hold on, that's wrong. So x = 3. Wait, maybe.", 3),
        ("Wait, no, wait, that is wrong, wait.", 1),
        ("Wait, I should look at this. Wait, I should look at this.", 1),
        ("Wait. So. Wait.", 2),
        ('The sign says "Wait, this is wrong. Hold on." and I go.', 0),
        ("She said “Wait, no.” and left.", 0),
        ("> Wait, no.\nSo it is 3.", 1),
        ("It is 3.\n> Wait, no.\nSo it is 3.", 0),
        ("```\nWait, no.\n```\nDone.", 0),
        ("<think>Wait, no.</think>Hold on.", 2),
        ("It’s 3.\n\n- Wait, that’s wrong.", 1),
        ("等等，不对。等等，我再想想。", 2),
        ("", 0),
        ("\ud800 Wait, no.", 1),
    ],
)
def test_instances_are_distinct_sentences_of_the_response_itself(response: str, n: int) -> None:
    assert count_behaviors(response)[B] == n


def test_what_is_copied_from_the_question_is_no_instance() -> None:
    question = "First, find the area of the plot. Wait, is it a square?"
    response = f"{question} So the area is 9. Wait, the plot is not a square."
    assert [sentence for sentence, _ in instances(response, question)] == ["Wait, the plot is not a square."]
    assert count_behaviors(response)[B] == 2


@pytest.mark.parametrize(
    "text",
    [
        "To get the first next of the " * 20_000,
        "Wait" + " wait" * 100_000,
        "let me " * 100_000 + "look at the image",
        "to find " * 50_000 + ", we need to find the " * 50_000,
        "-" * 500_000 + "wait",
        '"' * 200_001,
        "look at the " + "a" * 500_000 + " image again",
        "让我再" * 100_000,
    ],
    ids=range(8),
)
def test_no_text_takes_long(text: str) -> None:
    """Half a megabyte in one sentence: patterns see its first part alone, so this ends."""
    assert all(n <= 1 for n in count_behaviors(text).values())
    assert len(text) > MAX_CHARS
