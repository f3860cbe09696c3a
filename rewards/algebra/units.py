"""Units: their dimension and scale. Both sides state one: the dimensions must agree and the scale counts. One states
one: it is left out.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple


class Unit(NamedTuple):
    """A scale and the powers of the base dimensions. `dimension` is None for words that are no unit (apples, because ...)."""

    scale: Fraction
    dimension: tuple[tuple[str, int], ...] | None


_TABLE = """
length: m 1 metre meter; cm 1/100 centimeter centimetre; mm 1/1000 millimeter millimetre; km 1000 kilometer kilometre; dm 1/10 decimeter
length: in 254/10000 inch inches; ft 3048/10000 foot feet; yd 9144/10000 yard; mi 1609344/1000 mile; nm 1/1000000000 nanometer
mass: g 1 gram; kg 1000 kilogram; mg 1/1000 milligram; t 1000000 ton tonne; lb 45359237/100000 lbs pound; oz 28349523125/1000000000 ounce
time: s 1 sec second; min 60 minute; h 3600 hr hour; day 86400 days; week 604800; ms 1/1000 millisecond; month 2629746; year 31556952 yr
volume: L 1/1000 l liter litre; mL 1/1000000 ml milliliter millilitre; gal 3785411784/1000000000000 gallon
money_usd: $ 1 usd dollar bucks; cent 1/100 cents
money_eur: eur 1 euro
money_gbp: gbp 1 pence 1/100
money_cny: cny 1 yuan rmb
money_inr: inr 1 rupee rs
angle: deg 1 degree degrees; radian 1 rad
force: N 1 newton
energy: J 1 joule; kJ 1000 kilojoule; cal 4184/1000 calorie; eV 1
power: W 1 watt; kW 1000 kilowatt
voltage: V 1 volt
current: A 1 ampere amp; mA 1/1000
resistance: ohm 1 Omega
frequency: Hz 1 hertz
temperature: K 1 kelvin
temperature_celsius: celsius 1 centigrade
temperature_fahrenheit: fahrenheit 1
pressure: Pa 1 pascal; kPa 1000; atm 101325
amount: mol 1 mole
unit: unit 1
speed: mph 44704/100000; kph 1000/3600; kmh 1000/3600
"""


def _table() -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    for line in _TABLE.strip().splitlines():
        dimension, entries = line.split(":")
        for entry in entries.split(";"):
            scales = [word for word in entry.split() if word[0].isdigit()]
            unit = Unit(Fraction(*scales[-1:]), _dimension(dimension.strip()))
            for word in set(entry.split()) - set(scales):
                table |= dict.fromkeys((word, word + "s") if len(word) > 3 else (word,), unit)
    return table


def _dimension(name: str) -> tuple[tuple[str, int], ...]:
    return {"volume": (("length", 3),), "speed": (("length", 1), ("time", -1))}.get(name, ((name, 1),))


TABLE = _table()
_UNKNOWN = Unit(Fraction(1), None)
_PART = re.compile(
    r"(?P<sep>/|\bper\b)|(?P<word>\$|[A-Za-z]+)(?:\s*(?:\^?\s*\{?\s*(?P<power>-?\d)\s*\}?))?|(?P<other>\S)"
)
_TEMPERATURE = re.compile(r"\b(?:degrees?|deg)\s+(?:(c)(?:elsius)?|(f)(?:ahrenheit)?)\b", re.IGNORECASE)
_POWER = {"square": 2, "sq": 2, "squared": 2, "cubic": 3, "cubed": 3, "cu": 3}


def is_unit(word: str) -> bool:
    return word in TABLE or (word.lower() in TABLE and len(word) > 2)


@lru_cache(maxsize=4096)
def read(text: str) -> Unit:
    """Return the unit that a text states: `cm^2`, `km/h`, `square inches`, `dollars per hour`; no dimension where a word is unknown."""
    # A power written before its unit ("square metre") waits in `pending` for it; one written behind ("metre squared") adds to
    # the last unit. After a slash or "per" every power is negative; one unknown word makes the whole unit unknown.
    powers: dict[str, int] = {}
    scale, sign, pending = Fraction(1), 1, 1
    last: tuple[Unit, int] | None = None
    text = _TEMPERATURE.sub(lambda m: "celsius" if m.group(1) else "fahrenheit", text)
    for part in _PART.finditer(text.replace("\\", " ").replace("cdot", " ")):
        word = part.group("word")
        if part.group("sep"):
            sign = -1
            continue
        if not word:
            if part.group("other") in ".,{}()-":
                continue
            return _UNKNOWN
        if word.lower() in _POWER and not part.group("power"):
            if word.endswith("ed") and last:
                unit, power = last
                extra = power * (_POWER[word.lower()] - 1)
            else:
                pending = _POWER[word.lower()]
                continue
        else:
            found = TABLE.get(word) or TABLE.get(word.lower())
            if found is None:
                return _UNKNOWN
            unit, extra = found, sign * pending * int(part.group("power") or 1)
            last, pending = (unit, extra), 1
        scale *= unit.scale**extra
        for name, power in unit.dimension or ():
            powers[name] = powers.get(name, 0) + power * extra
    if last is None:
        return _UNKNOWN
    return Unit(scale, tuple(sorted((n, p) for n, p in powers.items() if p)))
