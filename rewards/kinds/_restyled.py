"""Golds of `math` and `number` restyled, and near misses of them, for certification."""

import re

from rewards.kinds._base import Variants

_NUMBER = re.compile(r"(?<![\w.\\^_{])\d+(?![\w.}])")
_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?")
_LIST = re.compile(r"\\?\{?([-\d,\s]+)\\?\}?")
_PAIR = re.compile(r"\(\s*(-?\d+)\s*,\s*(-?\d+)\s*\)")
_FRACTION = re.compile(r"\\frac\{(\d+)\}\{(\d+)\}")


def restyled(gold: str) -> Variants:
    """Return the same mathematics in other notation."""
    if "$" not in gold:
        yield "delimiters", f"${gold}$"
    yield "spaces", f"\\, {gold} \\,"
    yield "full stop", gold.rstrip(".") + "."
    if "\\frac" in gold:
        yield "display fractions", gold.replace("\\frac", "\\dfrac")
    if "\\left" in gold:
        yield "no sizing", re.sub(r"\\(?:left|right)(?![a-z])", "", gold)
    elif gold.count("(") == gold.count(")") == 1:
        yield "sizing", gold.replace("(", "\\left(").replace(")", "\\right)")
    if _DECIMAL.fullmatch(gold):
        yield "name in front", f"x = {gold}"
        yield from _restyled_decimal(gold)
    if gold.startswith("-"):
        yield "unicode minus", "\u2212" + gold[1:]
    if (inner := _LIST.fullmatch(gold)) and ", " in gold:
        yield "reordered", ", ".join(reversed([p.strip() for p in inner.group(1).split(",")]))


def _restyled_decimal(gold: str) -> Variants:
    whole, _, part = gold.partition(".")
    if whole != "-0":  # int() would lose its sign
        yield "thousands", f"{int(whole):,}" + (f".{part}" if part else "")
    yield "decimals", gold + ("0" if part else ".0")
    if part and whole[0] != "-":
        yield "fraction", f"\\frac{{{whole + part}}}{{{10 ** len(part)}}}"


def missed(gold: str) -> Variants:
    """Return other values in the gold's notation."""
    if not re.search(r"\d", gold) or "pm" in gold or "\\infty" in gold:
        return
    if _DECIMAL.fullmatch(gold):
        yield from _missed_decimal(gold)
    elif match := _NUMBER.search(gold):
        yield "off by one", gold[: match.start()] + str(int(match.group()) + 1) + gold[match.end() :]
    if pair := _PAIR.fullmatch(gold):
        a, b = pair.groups()
        if int(a) != int(b):
            yield "swapped", f"({b}, {a})"
    if (parts := _FRACTION.search(gold)) and parts.group(1) not in (parts.group(2), "0"):
        yield "upside down", gold.replace(parts.group(), f"\\frac{{{parts.group(2)}}}{{{parts.group(1)}}}", 1)


def _missed_decimal(gold: str) -> Variants:
    whole, _, part = gold.partition(".")
    if float(gold):
        yield "sign", gold[1:] if gold[0] == "-" else f"-{gold}"
    yield "off by one", "7777" if whole == "-0" else str(int(whole) + 1) + (f".{part}" if part else "")
    if len(whole.lstrip("-")) > 1:
        yield "one digit", gold[:-1] + str((int(gold[-1]) + 3) % 10)
