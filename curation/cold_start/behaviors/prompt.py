"""What a judge is asked about a response, one behavior at a time, and how its answer is read.

As in Open Vision Reasoner (arXiv 2507.05255, appendix C) the judge reads question and reasoning, counts the distinct instances of one
behavior and ends with `<count>N</count>`; the words are ours.
"""

import re

from curation.core.row import Message

DEFINITIONS = {
    "backtracking": (
        "the writer notices that something before may be wrong or leads nowhere, and turns back: doubts it, revises it, or takes another "
        "path"
    ),
    "subgoal_setting": (
        "the writer says which part of the problem comes first or next, as a step on the way to the answer, before doing it"
    ),
    "verification": "the writer checks a result or a step that is there already: computes it again, inserts it, compares it",
    "backward_chaining": (
        "the writer begins at what is wanted and works back to what it needs: 'to get A, B has to be known'"
    ),
    "visual_reflection": "the writer goes back to the picture after noticing a possible mistake: 'let me see the image again'",
    "visual_divide_and_conquer": (
        "the writer splits the picture into regions or parts and takes them one at a time: 'first look at the numbers on the left'"
    ),
    "visual_verification": "the writer checks a conclusion against the picture: 'I will now verify this against the image'",
    "goal_driven_visual_tracing": (
        "the writer begins at the wanted conclusion and looks for what shows it in the picture: 'to get this answer, I need to find an "
        "object that ...'"
    ),
    "mental_imagery": "the writer forms or changes a picture in the mind: 'let me visualize', 'imagine the cube unfolded'",
}
"""Behavior -> what an instance of it is."""

PROMPT = """\
Below are a question and somebody's reasoning on it. Count how often the reasoning shows one behavior:

{behavior}: {definition}.

Count distinct instances in the reasoning only. The same thought said again in the same words is one instance; words that only sound like \
the behavior, or stand in a quotation or in the question, are none. If there is none the count is 0.

<question>
{question}
</question>

<reasoning>
{response}
</reasoning>

End your answer with the count, once, as a whole number: <count>N</count>"""
"""Its braces stand for texts that come in as they are, without further braces of theirs being read."""


def judge_messages(behavior: str, question: str, response: str) -> tuple[Message, ...]:
    """What the judge is asked about one behavior. An empty question is said to be unknown."""
    texts = {
        "behavior": behavior.replace("_", " "),
        "definition": DEFINITIONS[behavior],
        "question": question.strip() or "(not known)",
        "response": response,
    }
    return (Message("user", re.sub(r"\{(\w+)\}", lambda found: texts[found[1]], PROMPT)),)


def count_of(answer: str) -> int | None:
    """The count of an answer: exactly one `<count>N</count>` with a whole number from 0. None where it is anything else.

    >>> count_of("Two of them. <count> 2 </count>"), count_of("<count>none</count>"), count_of("<count>1</count> <count>2</count>")
    (2, None, None)
    """
    found = re.findall(r"<count>(.*?)</count>", answer, re.DOTALL | re.IGNORECASE)
    if len(found) != 1 or not re.fullmatch(r"\s*[0-9]{1,6}\s*", found[0]):
        return None
    return int(found[0])
