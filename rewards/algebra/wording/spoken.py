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
    kinds = {t.kind for t in tokens}
    if "text" not in kinds and not any((t.kind == "sym" and t.text in "RKMBTkmbt") or t.text == "..." for t in tokens):
        return tokens
    return comparisons(operators(remainders(magnitudes(numbers(_named(_unnumbered(tokens)))))))


def _named(tokens: list[Token]) -> list[Token]:
    """Return `Monday 31, Tuesday 28` with colons behind the names, where every member has one."""
    starts = [0, *(i + 1 for i, t in enumerate(tokens) if t.text in (",", ";", "and"))]
    names = [_name_end(tokens, start) for start in starts]
    if len(starts) < 2 or not all(names):
        return tokens
    return [new for i, token in enumerate(tokens) for new in ([Token("op", ":"), token] if i in names else [token])]


def _name_end(tokens: list[Token], start: int) -> int:
    """Return where the capitalised words end that stand in front of a number; 0 where none do."""
    end = start
    while tokens[end].kind == "text" and (tokens[end].text[0].isupper() or not tokens[end].text.isascii()):
        end += 1
    return end if end > start and tokens[end].kind == "num" else 0


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
