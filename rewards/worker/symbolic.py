"""math-verify and sympy, called inside the worker only. The caller keeps the time, so every time limit of theirs is
off.
"""

import logging

from math_verify import parse, verify

logging.disable(logging.CRITICAL)


def warm_up() -> None:
    """Fill the parser's caches before judges are forked."""
    equal(r"\frac{1}{2}+\sqrt{2}", r"x^2+\sin x")
    equal(r"\{1,2\}", r"(0,1]\cup\{2\}")


def equal(gold: str, answer: str) -> bool | None:
    """Return whether both are the same to math-verify in both directions (it is not symmetric), None when it cannot parse one of them."""
    parsed = [parse(f"${text.strip().strip('$')}$", parsing_timeout=None) for text in (gold, answer)]
    if not all(parsed):
        return None
    ours, theirs = parsed
    return bool(
        verify(ours, theirs, timeout_seconds=None, raise_on_error=True)
        and verify(theirs, ours, timeout_seconds=None, raise_on_error=True)
    )
