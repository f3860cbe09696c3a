r"""Golds and answers made at random whose verdict is known from how they were made: units, magnitudes, number words,
conditions, cases, chains, labels, dresses of an option's letter, dates. `fuzz.py` judges them by the thousand, and
test_fuzz.py a few hundred of them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import rewards
from tests.rewards.spelled import chinese, english, ordinal


class Claim(NamedTuple):
    """One answer to a gold, and whether it is right. `both_ways`: the verdict holds with the two exchanged."""

    gold: str
    answer: str
    right: bool
    kind: str = "math"
    options: str = "{}"
    both_ways: bool = True


Maker = Callable[[random.Random], list[Claim]]

UNITS: dict[str, dict[str, str]] = {
    "length": {"km": "1000", "kilometers": "1000", "千米": "1000", "公里": "1000", "m": "1", "meters": "1", "米": "1",
               "cm": "1/100", "厘米": "1/100", "mm": "1/1000", r"\text{ cm}": "1/100", r"~\mathrm{km}": "1000"},
    "mass": {"kg": "1000", "kilograms": "1000", "千克": "1000", "公斤": "1000", "g": "1", "克": "1", "mg": "1/1000"},
    "time": {"hours": "3600", "小时": "3600", "min": "60", "minutes": "60", "分钟": "60", "seconds": "1", "秒": "1", "ms": "1/1000"},
    "force": {"N": "1", "newtons": "1", "牛顿": "1", "kN": "1000", "千牛": "1000", "MN": "1000000"},
    "energy": {"J": "1", "joules": "1", "焦耳": "1", "kJ": "1000", "MJ": "1000000", r"\text{ N}\cdot\text{m}": "1"},
    "power": {"W": "1", "瓦": "1", "kW": "1000", "千瓦": "1000", "MW": "1000000", "mW": "1/1000"},
    "pressure": {"Pa": "1", "kPa": "1000", "MPa": "1000000", "千帕": "1000", r"\text{ kN/m}^2": "1000"},
    "tension": {"V": "1", "volts": "1", "kV": "1000", "mV": "1/1000", "伏": "1"},
    "volume": {"L": "1", "liters": "1", "升": "1", "mL": "1/1000", "毫升": "1/1000"},
    "speed": {"m/s": "18", "km/h": "5", r"\text{ m/s}": "18", "meters per second": "18"},
    "area": {"m^2": "1", "square meters": "1", "平方米": "1", "hectares": "10000", r"\text{ km}^2": "1000000"},
    "dollars": {"dollars": "1", "美元": "1", "cents": "1/100", "美分": "1/100"},
    "frequency": {"Hz": "1", "kHz": "1000", "MHz": "1000000", "赫兹": "1"},
}  # fmt: skip
MAGNITUDES = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12,
    "万": 10**4, "亿": 10**8, "百万": 10**6, "K": 10**3, "M": 10**6, r"\text{ million}": 10**6, r"\times 10^6": 10**6,
}  # fmt: skip
LABELS = ["apples", "pears", "pencils", "books", "coins", "students", "boys", "girls", "marbles", "tickets"]
DIRECTIONS = ["north", "south", "east", "west"]
CONDITIONS = (
    "x > 0",
    "x < 0",
    r"x \ge 3",
    r"x \le -2",
    "0 < x < 1",
    r"n \text{ is even}",
    r"n \text{ is odd}",
    "n = 2",
    "x = 0",
)
EXPRESSIONS = ("x+1", "x^2", "2x-3", "n^2", "0", r"\frac{x}{2}", "-1", "3n+1", r"\sqrt{x^2+1}", "5")
OPTIONS = ["Paris", "London", "Rome", "Berlin", "Madrid", "Vienna", "Lisbon", "Athens", "Oslo", "Dublin"]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


_IFS = ("", r"\text{if } ")


def plain(value: Fraction) -> str:
    """Write a value as a decimal where it has one, else as a fraction."""
    rest = value.denominator
    places = 0
    while rest % 2 == 0 or rest % 5 == 0:
        rest //= 10 if rest % 10 == 0 else (2 if rest % 2 == 0 else 5)
        places += 1
    if rest != 1 or places > 12:
        return rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
    return f"{float(value):.{places}f}" if places else str(value.numerator)


def some_number(rng: random.Random) -> Fraction:
    return Fraction(
        rng.choice((rng.randint(2, 99), rng.randint(2, 9) * 50, rng.randint(11, 999))), rng.choice((1, 1, 2, 4, 10))
    )


def units(rng: random.Random) -> list[Claim]:
    """One quantity in two units; the same number with a unit of another scale, or of another dimension."""
    name = rng.choice(sorted(UNITS))
    family = UNITS[name]
    value, (ours, theirs) = some_number(rng), rng.sample(sorted(family), 2)
    gold = f"{plain(value)} {ours}"
    converted = value * Fraction(family[ours]) / Fraction(family[theirs])
    stranger = rng.choice(sorted(UNITS[rng.choice(sorted(UNITS.keys() - {name}))]))
    kind, options = rng.choice((("math", "{}"), ("number", "{}")))
    claims = [
        Claim(gold, plain(value), True, kind, options),
        Claim(gold, f"{plain(converted)} {theirs}", True, kind, options),
        Claim(gold, f"{plain(value)} {stranger}", False, kind, options),
        Claim(gold, f"{plain(converted * 10)} {theirs}", False, kind, options),
    ]
    if converted != value:
        claims.append(Claim(gold, f"{plain(value)} {theirs}", False, kind, options))
    return claims


def _with(value: Fraction, magnitude: str) -> str:
    """Write a value with its magnitude. Behind a space K is kelvin and M molar."""
    return plain(value) + ("" if magnitude in "KM" else " ") + magnitude


def magnitudes(rng: random.Random) -> list[Claim]:
    """A number with a magnitude, written out or with another one; the same number with another magnitude or none."""
    value, (ours, theirs) = some_number(rng), rng.sample(sorted(MAGNITUDES), 2)
    money = rng.choice(("", "", "\\$")) if not {ours, theirs} & {"dozen", "万", "亿", "百万"} else ""
    gold, whole = f"{money}{_with(value, ours)}", value * MAGNITUDES[ours]
    found = [
        Claim(gold, f"{money}{plain(whole)}", True),
        Claim(gold, f"{money}{_with(whole / MAGNITUDES[theirs], theirs)}", True),
        Claim(gold, f"{money}{plain(value)}", False),
    ]
    if MAGNITUDES[ours] != MAGNITUDES[theirs]:
        found.append(Claim(gold, f"{money}{_with(value, theirs)}", False))
    return found


def number_words(rng: random.Random) -> list[Claim]:
    """A whole number in words, of two languages, or as an ordinal."""
    n = rng.choice((rng.randint(11, 99), rng.randint(101, 999), rng.randint(1001, 99_999)))
    other = n + rng.choice((-10, -1, 1, 10, 100))
    spelled = [english(n), english(n, joined=True), english(n).capitalize(), rf"\text{{{english(n)}}}", chinese(n)]
    if n < 1000:
        spelled += [ordinal(n), rf"{n}^{{\mathrm{{{ordinal(n)[-2:]}}}}}"]
    text = rng.choice(spelled)
    return [
        Claim(str(n), text, True),
        Claim(str(other), text, False),
        Claim(english(n), text, True),
        Claim(english(other), text, False),
    ]


def conditions(rng: random.Random) -> list[Claim]:
    """An expression under a condition, a bound in words, a remainder."""
    ours, theirs = rng.sample(CONDITIONS, 2)
    expression, n, r = (
        rng.choice([e for e in EXPRESSIONS if "x" in e or "n" in e]),
        rng.randint(5, 90),
        rng.randint(1, 4),
    )
    word = rng.choice((r"\text{ if }", r" \text{ for } ", " if ", " when "))
    return [
        Claim(f"{expression} if {ours}", f"{expression}{word}{ours}", True),
        Claim(f"{expression} if {ours}", f"{expression}{word}{theirs}", False),
        Claim(f"{expression} if {ours}", expression, False),
        Claim(f"at least {n}", f"{n} or more", True),
        Claim(
            f"at least {n}", rng.choice((str(n), f"at most {n}", f"more than {n}", f"{n} or less", f"至多{n}")), False
        ),
        Claim(f"{n} remainder {r}", f"{n} R {r}", True),
        Claim(f"{n} remainder {r}", rng.choice((str(n), f"{n} R {r + 1}", f"{n + 1} remainder {r}")), False),
        Claim(f"x>{r} and y<{n}", rng.choice((f"y<{n}", f"x>{r}", f"x<{r} and y<{n}")), False),
        Claim(f"x>{r} and y<{n}", rng.choice((f"y<{n} and x>{r}", f"x>{r}, y<{n}")), True),
    ]


def case_definitions(rng: random.Random) -> list[Claim]:
    """A definition by cases, its branches in any order; with two of its values exchanged; with another condition."""
    values, where = rng.sample(EXPRESSIONS, 3), rng.choice((["x<0", "0\\le x<2", "x\\ge 2"], ["x<-1", "x=-1", "x>-1"]))

    def written(branches: Sequence[tuple[str, str]]) -> str:
        lines = (rf"{value} & {rng.choice(_IFS)}{when}" for value, when in branches)
        return r"\begin{cases} " + r" \\ ".join(lines) + r" \end{cases}"

    gold = list(zip(values, where, strict=True))
    exchanged = [(values[1], where[0]), (values[0], where[1]), gold[2]]
    other = [*gold[:2], (values[2], "x>17")]
    return [
        Claim(written(gold), written(rng.sample(gold, 3)), True),
        Claim(written(gold), written(exchanged), False),
        Claim(written(gold), written(other), False),
        Claim(written(gold), written(gold[:2]), False),
    ]


def chains(rng: random.Random) -> list[Claim]:
    """A name with its value, computed in true and in false steps."""
    a, b, n = rng.randint(2, 300), rng.randint(2, 300), rng.randint(3, 12)
    name = rng.choice(("m+n", "a+b", "p+q", "x", "N", r"S_{n}", r"m + n"))
    total, wrong = a + b, a + b + rng.choice((-2, -1, 1, 10))
    named = rng.choice(((f"{a} \\bmod {n}", a % n), (rf"\sum_{{k=1}}^{{{n}}} k", n * (n + 1) // 2),
                        (rf"\begin{{vmatrix}} {a} & 1 \\ {b} & 2 \end{{vmatrix}}", 2 * a - b), (r"\lim_{x\to 0} \frac{\sin x}{x}", 1)))  # fmt: skip
    return [
        Claim(str(total), f"{name} = {a} + {b} = {total}", True, both_ways=False),
        Claim(str(total), f"{name} = {a} + {b} = {wrong}", False),
        Claim(str(wrong), f"{name} = {a} + {b} = {wrong}", False),
        Claim(str(wrong), f"x = {total} = {wrong}", False),
        Claim(f"x + y = {total}", str(total), False, both_ways=False),
        Claim(str(named[1]), f"{named[0]} = {named[1]}", True, both_ways=False),
        Claim(str(named[1] + 1), f"{named[0]} = {named[1] + 1}", False, both_ways=False),
    ]


def labels(rng: random.Random) -> list[Claim]:
    """What is counted, where it goes, what rises and what falls."""
    (one, other), (here, there) = rng.sample(LABELS, 2), rng.sample(DIRECTIONS, 2)
    a, b = rng.sample(range(2, 60), 2)
    both = f"{a} {one} and {b} {other}"
    return [
        Claim(f"{a} {one}", str(a), True),
        Claim(f"{a} {one}", f"{a} {other}", False),
        Claim(f"{a} {one}", f"{a} {rng.choice(('kg', '%', 'dollars', 'hours'))}", False),
        Claim(f"{a} km {here}", rng.choice((f"{a} km", str(a), f"{a} {here}", f"{a * 1000} m {here}")), True),
        Claim(f"{a} km {here}", rng.choice((f"{a} km {there}", f"{a * 1000} m {there}")), False),
        Claim(rf"{a}\% increase", rng.choice((rf"{a}\% decrease", rf"a decrease of {a}\%", f"减少{a}%")), False),
        Claim(both, f"{b} {other} and {a} {one}", True),
        Claim(both, f"{a}, {b}", True),
        Claim(both, rng.choice((f"{b} {one} and {a} {other}", f"{b}, {a}", f"{a} {one}")), False),
        Claim(f"{a % 12 + 1}:30 AM", rng.choice((f"{a % 12 + 1}:30 PM", f"{a % 12 + 1}:31 AM")), False),
    ]  # fmt: skip


def dresses(rng: random.Random) -> list[Claim]:
    """An option's letter in many dresses; another option, two at once, letter and text that disagree, a negated one."""
    texts = rng.sample(OPTIONS, 4)
    right, wrong = rng.sample(range(4), 2)
    options = json.dumps({"choices": texts})

    def dressed(index: int) -> str:
        letter, text = "ABCD"[index], texts[index]
        return rng.choice((
            letter, f"({letter})", f"{letter}.", f"选{letter}", f"答案是{letter}", chr(ord(letter) + 0xFEE0), rf"\text{{{letter}}}", rf"\textbf{{({letter})}}",
            f"{letter}. {text}", f"({letter}) {text}", f"Option {letter}", f"Option {letter} is correct", f"The answer is {letter}", f"{letter}: {text}",
            text, text.upper(), rf"\text{{{text}}}", f"{text}.", f"（{letter}）", f"{letter}、{text}", f"$\\mathrm{{{letter}}}$",
        ))  # fmt: skip

    ours, theirs = "ABCD"[right], "ABCD"[wrong]
    bad = [
        dressed(wrong), f"{ours} or {theirs}", f"{ours}, {theirs}", f"{ours}{theirs}", f"{ours}. {texts[wrong]}", f"({theirs}) {texts[right]}", f"not {ours}",
        f"{ours} is wrong", f"不选{ours}", f"{ours} and {theirs}", f"not {texts[right]}", f"{texts[right]} or {texts[wrong]}", f"neither {ours} nor {theirs}",
    ]  # fmt: skip
    return [Claim(ours, dressed(right), True, "choice", options, both_ways=False)] + [
        Claim(ours, answer, False, "choice", options, both_ways=False) for answer in rng.sample(bad, 3)
    ]


def dates(rng: random.Random) -> list[Claim]:
    """A day or a time in two notations; another day, another hour."""
    year, month, day = rng.randint(1500, 2030), rng.randint(1, 12), rng.randint(1, 28)
    hour, minute = rng.randint(1, 11), rng.choice((0, 5, 15, 30, 45, 59))

    def dated(y: int, m: int, d: int) -> str:
        name = MONTHS[m - 1]
        return rng.choice((f"{name} {d}, {y}", f"{d} {name} {y}", f"{y}-{m:02d}-{d:02d}", f"{name[:3]} {d}, {y}", f"{name} {ordinal(d)}, {y}", f"the {ordinal(d)} of {name}, {y}"))  # fmt: skip

    later = (day % 28) + 1
    return [
        Claim(dated(year, month, day), dated(year, month, day), True, "text"),
        Claim(dated(year, month, day), dated(year, month, later), False, "text"),
        Claim(dated(year, month, day), dated(year + 1, month, day), False, "text"),
        Claim(dated(year, month, day), dated(year, month % 12 + 1, day), False, "text"),
        Claim(f"{hour}:{minute:02d} PM", rng.choice((f"{hour + 12}:{minute:02d}", f"{hour}:{minute:02d} p.m.", f"{hour}:{minute:02d}pm")), True, "text"),
        Claim(f"{hour}:{minute:02d} PM", rng.choice((f"{hour}:{minute:02d} AM", f"{hour:02d}:{minute:02d}:30 PM", f"{hour + 11}:{minute:02d}")), False, "text"),
    ]  # fmt: skip


def solutions(rng: random.Random) -> list[Claim]:
    """Two solutions of two unknowns in several spellings; with two of their values exchanged; one of them alone."""
    a, b, c, d = (str(n) for n in rng.sample(range(-20, 20), 4))

    def written(*pairs: tuple[str, str]) -> str:
        style, between = rng.choice(
            (("x={}, y={}", " or "), ("x={}, y={}", "; "), ("({},{})", ", "), ("({},{})", " and "))
        )
        return between.join(style.format(*pair) for pair in rng.sample(pairs, len(pairs)))

    gold = written((a, b), (c, d))
    return [
        Claim(gold, written((a, b), (c, d)), True),
        Claim(gold, written((a, d), (c, b)), False),
        Claim(gold, written((b, a), (d, c)), False),
        Claim(gold, written((a, b)), False),
    ]


MAKERS: tuple[Maker, ...] = (
    units,
    magnitudes,
    number_words,
    conditions,
    case_definitions,
    chains,
    solutions,
    labels,
    dresses,
    dates,
)


def broken(claim: Claim) -> str:
    """Say how a claim does not hold; '' where it does."""
    options = json.loads(claim.options) | ({"symbolic": False} if claim.kind == "math" else {})
    pairs = [(claim.gold, claim.answer, claim.right), (claim.gold, claim.gold, True)]
    if claim.both_ways:
        pairs += [(claim.answer, claim.gold, claim.right), (claim.answer, claim.answer, True)]
    for gold, answer, right in pairs:
        outcome = rewards.Verifier(gold, claim.kind, options).judge_answer(answer).outcome
        if (outcome == "correct") != right:
            what = "itself" if gold == answer else "right" if right else "WRONG"
            return f"{what} {outcome}: {answer!r} for the gold {gold!r} ({claim.kind})"
    return ""
