"""What words say in mathematics: numbers, magnitudes, operators, comparisons and remainders among the tokens of an answer
become the tokens that notation would have given. What is left as words is a unit, a label or prose, which `said` reads.
"""

from rewards.algebra.token import Token
from rewards.algebra.vocabulary import word_set
from rewards.algebra.wording.amounts import magnitudes, numbers
from rewards.algebra.wording.comparisons import comparisons
from rewards.algebra.wording.operators import operators
from rewards.algebra.wording.remainders import remainders

_HEADINGS = word_set("sequence case solution root answer part equation")


def spoken(tokens: list[Token]) -> list[Token]:
    """Return the tokens with words that are mathematics as mathematics; the same list where there are none."""
    if not any(t.kind == "text" or (t.kind == "sym" and t.text in "RKMBTkmbt") or t.text == "..." for t in tokens):
        return tokens
    return comparisons(operators(remainders(magnitudes(numbers(_unnumbered(tokens))))))


def _unnumbered(tokens: list[Token]) -> list[Token]:
    """Return the tokens without headings such as `Solution 1:`."""
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        if tokens[at].text.lower() in _HEADINGS and tokens[at + 1].kind == "num" and tokens[at + 2].text == ":":
            at += 3
        found.append(tokens[at])
        at += 1
    return found
