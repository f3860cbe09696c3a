"""Reasoning behaviors in a response, by lexical cues: the four of text, their visual counterparts, and mental imagery.

The behaviors are those of Open Vision Reasoner (arXiv 2507.05255, section 2 and appendix C), whose judge is a model; a cue is a phrase that
such a passage begins or names itself with. What is counted is the number of cues, so that the same response has the same counts everywhere.
"""

import re

IMAGE = r"(?:image|picture|figure|diagram|chart|photo)"
PLACE = r"(?:left|right|top|bottom|upper|lower|row|column|part|region|side|corner|panel)"
WILL = r"\b(?:let me|let's|let us|I(?:'ll| will| can| should| need to)?(?: now)?)"

CUES: dict[str, tuple[str, ...]] = {
    "backtracking": (
        r"(?:^|[.!?\n]\s*)(?:wait\b|hold on\b|hmm+\b|actually, |no, that|on second thought)",
        r"\b(?:made|there is|there's) (?:a|an) (?:mistake|error)\b",
        r"\blet me (?:re-?think|reconsider|start over|try (?:again|another))\b",
    ),
    "subgoal_setting": (
        r"\b(?:first|next|then), (?:I|we|let)\b",
        r"\bstep (?:\d+|one|two|three)\b",
        r"\bbreak (?:this|it|the problem) (?:down|into)\b",
        r"\b(?:let's|let us|let me) (?:start|begin) (?:by|with)\b",
    ),
    "verification": (
        WILL + r" (?:verify|double[- ]?check|check|confirm)\b",
        r"\bto (?:verify|double-check|confirm)\b",
    ),
    "backward_chaining": (
        r"\bwork(?:ing)? backwards?\b",
        r"\bto (?:get|find|reach|obtain) (?:this|the (?:answer|result|value|total)),? (?:I|we) (?:need|must|have to)\b",
        r"\bwhat (?:do|would) (?:I|we) need\b",
    ),
    "visual_reflection": (
        WILL + rf" (?:look(?: back)?|see|check|re-?examine|go back to)(?: at)? the {IMAGE}\b",
        rf"\blooking (?:back )?at the {IMAGE} again\b",
    ),
    "visual_divide_and_conquer": (
        r"\b(?:first|next|then),? (?:I |let me |let's |we )?(?:will )?(?:look|focus|examine|start)"
        rf"(?: at| on| with)? the (?:\w+ ){{0,4}}{PLACE}\b",
    ),
    "visual_verification": (
        rf"\b(?:verify|check|confirm|compare)\b[^.!?\n]{{0,60}}\b(?:against|with|in|from) the {IMAGE}\b",
    ),
    "goal_driven_visual_tracing": (
        r"\bto (?:get|find|reach|answer)\b[^.!?\n]{0,40}\b(?:I|we) (?:need|have) to (?:find|look for|locate)\b",
    ),
    "mental_imagery": (
        r"\b(?:let me|let's|I(?:'ll| will| can)?|if (?:I|we)) (?:visuali[sz]e|picture|imagine)\b",
        rf"\blet me (?:see|draw) the {IMAGE}\b",
        r"\bin my (?:mind|head)\b",
    ),
}
_PATTERNS = {name: re.compile("|".join(cues), re.IGNORECASE) for name, cues in CUES.items()}


def count_behaviors(response: str) -> dict[str, int]:
    """How many cues of each behavior a response has.

    >>> {name: n for name, n in count_behaviors("It is 4. Wait, let me see the image again.").items() if n}
    {'backtracking': 1, 'visual_reflection': 1, 'mental_imagery': 1}
    """
    return {name: sum(1 for _ in pattern.finditer(response)) for name, pattern in _PATTERNS.items()}
