"""Units: their dimension and scale. Both sides state one: the dimensions must agree and the scale counts. One states
one: it is left out.

Every unit is a product of powers of base dimensions (SI Brochure, 9th edition, tables 2-8), so that `N m` is `J` and
`kN/m^2` is `kPa`. The prefixes of the SI go with every unit that takes them; a word of the table is never a prefix and
a unit (`min`, `cd`, `ft`). Chinese names are in `chinese`.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from rewards.algebra.vocabulary import word_set

Dimension = tuple[tuple[str, int], ...]


class Unit(NamedTuple):
    """A scale and the powers of the base dimensions. `dimension` is None for words that are no unit (apples, because ...)."""

    scale: Fraction
    dimension: Dimension | None
    also: str = ""
    """Another base dimension that the word may mean, with scale 1: a pound is a weight or money."""


_PREFIXED = """
m metre meter = 1 length
g gram gramme = 1 mass
s sec second = 1 time
A amp ampere = 1 current
K kelvin = 1 temperature
mol mole = 1 amount
cd candela = 1 luminosity
N newton = 1000 mass length time^-2
J joule = 1000 mass length^2 time^-2
W watt = 1000 mass length^2 time^-3
Wh watthour = 3600000 mass length^2 time^-2
Pa pascal = 1000 mass length^-1 time^-2
bar = 100000000 mass length^-1 time^-2
V volt = 1000 mass length^2 time^-3 current^-1
C coulomb = 1 time current
F farad = 1/1000 mass^-1 length^-2 time^4 current^2
ohm Omega = 1000 mass length^2 time^-3 current^-2
siemens = 1/1000 mass^-1 length^-2 time^3 current^2
H henry = 1000 mass length^2 time^-2 current^-2
Wb weber = 1000 mass length^2 time^-2 current^-1
T tesla = 1000 mass time^-2 current^-1
Hz hertz = 1 cycle time^-1
Bq becquerel = 1 decay time^-1
eV electronvolt = 1602176634/10000000000000000000000000 mass length^2 time^-2
cal calorie = 4184 mass length^2 time^-2
L l liter litre = 1/1000 length^3
byte B = 8 data
bit = 1 data
rad radian = 1 angle
M = 1000 amount length^-3
"""
_PLAIN = """
in inch inches = 254/10000 length
ft foot feet = 3048/10000 length
yd yard = 9144/10000 length
mi mile = 1609344/1000 length
nmi = 1852 length
ly lightyear = 9460730472580800 length
au AU = 149597870700 length
angstrom = 1/10000000000 length
micron = 1/1000000 length
fathom = 18288/10000 length
furlong = 201168/1000 length
t ton tonne = 1000000 mass
lb lbs pound = 45359237/100000 mass
oz ounce = 28349523125/1000000000 mass
stone = 635029318/100000 mass
jin = 500 mass
liang = 50 mass
min minute = 60 time
h hr hour = 3600 time
day days = 86400 time
d = 86400 time
week wk = 604800 time
fortnight = 1209600 time
month mo = 2629746 time
year yr = 31556952 time
decade = 315569520 time
century centuries = 3155695200 time
gal gallon = 3785411784/1000000000000 length^3
qt quart = 946352946/1000000000000 length^3
pint = 473176473/1000000000000 length^3
cup = 2365882365/10000000000000 length^3
floz = 295735295625/10000000000000000 length^3
tbsp tablespoon = 14786764781/1000000000000000 length^3
tsp teaspoon = 4928921594/1000000000000000 length^3
cc = 1/1000000 length^3
ha hectare = 10000 length^2
acre = 40468564224/10000000 length^2
chineseli = 500 length
ke = 900 time
chinesemu = 10000/15 length^2
mph = 44704/100000 length time^-1
kph kmh kmph = 1000/3600 length time^-1
mps = 1 length time^-1
knot knots = 1852/3600 length time^-1
rpm = 1/60 revolution time^-1
revolution rev revs = 1 revolution
atm = 101325000 mass length^-1 time^-2
mmHg torr = 133322 mass length^-1 time^-2
psi = 6894757 mass length^-1 time^-2
hp horsepower = 745700 mass length^2 time^-3
dyn dyne = 1/100 mass length time^-2
erg = 1/10000 mass length^2 time^-2
Nm = 1000 mass length^2 time^-2
kNm = 1000000 mass length^2 time^-2
lbf = 4448222/1000 mass length time^-2
deg degree degrees = 1 degree
arcmin arcminute = 1/60 degree
arcsec arcsecond = 1/3600 degree
celsius centigrade = 1 temperature_celsius
fahrenheit = 1 temperature_fahrenheit
dB decibel = 1 decibel
ppm = 1 ppm
$ usd dollar bucks = 1 money_usd
cent cents = 1/100 money_usd
dime = 1/10 money_usd
nickel = 1/20 money_usd
quarter = 1/4 money_usd
eur euro = 1 money_eur
gbp = 1 money_gbp
pence = 1/100 money_gbp
cny yuan rmb = 1 money_cny
jiao = 1/10 money_cny
fen = 1/100 money_cny
inr rupee rs = 1 money_inr
paise = 1/100 money_inr
yen jpy = 1 money_jpy
won krw = 1 money_krw
ruble rouble rub = 1 money_rub
peso = 1 money_peso
unit = 1 unit
"""
_SYMBOLS = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "d": -1, "c": -2, "m": -3, "u": -6, "mu": -6, "n": -9, "p": -12, "f": -15, "a": -18,
}  # fmt: skip
_NAMES = {
    "yotta": 24, "zetta": 21, "exa": 18, "peta": 15, "tera": 12, "giga": 9, "mega": 6, "kilo": 3, "hecto": 2, "deca": 1,
    "deci": -1, "centi": -2, "milli": -3, "micro": -6, "nano": -9, "pico": -12, "femto": -15, "atto": -18,
}  # fmt: skip
_NEVER = word_set("as am pm PM ML nN aV hA pT cF")
"""What would be a prefix and a unit, and is a word, a time of day or a product."""


def _unit(text: str) -> Unit:
    scale, *powers = text.split()
    dimension = []
    for power in powers:
        name, _, exponent = power.partition("^")
        dimension.append((name, int(exponent or 1)))
    return Unit(Fraction(scale), tuple(sorted(dimension)))


def _table() -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    for line in _PLAIN.strip().splitlines():
        words, text = line.split(" = ")
        for word in words.split():
            table |= dict.fromkeys((word, word + "s") if len(word) > 2 else (word,), _unit(text))
    for line in _PREFIXED.strip().splitlines():
        words, text = line.split(" = ")
        unit = _unit(text)
        for word in words.split():
            is_name = len(word) > 3 and word != "Omega"
            prefixes = {"": 0} | (_NAMES if is_name or word in ("bar", "bit", "ohm") else {})
            prefixes |= {} if is_name else _SYMBOLS
            for prefix, exponent in prefixes.items():
                full = prefix + word
                if full in _NEVER:
                    continue
                scaled = Unit(unit.scale * Fraction(10) ** exponent, unit.dimension)
                plurals = (full, full + "s") if is_name or word in ("bit", "ohm", "bar", "mol", "rad") else (full,)
                for name in plurals:
                    table.setdefault(name, scaled)
    table |= dict.fromkeys(("pound", "pounds"), table["lb"]._replace(also="money_gbp"))
    table |= {"mole": table["mol"], "moles": table["mol"], "sec": table["s"], "secs": table["s"]}
    return table


TABLE = _table()
_LOWER = {word.lower(): unit for word, unit in reversed(TABLE.items()) if len(word) > 2}
_CASED = word_set("mpa mhz ghz khz mev kev gev kwh mmhg kpa hpa mol usd eur gbp cny inr")
"""Symbols of three letters and more that are also written in small letters or capitals alone."""
_COMMON = word_set("cm mm km dm in ft yd mi nm kg mg lb oz hr ms mL ml kJ kW mA Hz Pa eV yr rs")
_UNKNOWN = Unit(Fraction(1), None)
_PART = re.compile(
    r"(?P<sep>/|\bper\b)|(?P<word>\$|[A-Za-z]+)(?:\s*(?:\^?\s*\{?\s*(?P<power>-?\s*\d)\s*\}?))?|(?P<other>\S)"
)
_SPELLED = (
    (re.compile(r"\b(?:degrees?|deg)\s+(?:c(?:elsius)?)\b", re.IGNORECASE), "celsius"),
    (re.compile(r"\b(?:degrees?|deg)\s+(?:f(?:ahrenheit)?)\b", re.IGNORECASE), "fahrenheit"),
    (re.compile(r"\b(?:us|u\.s\.|american) dollars?\b", re.IGNORECASE), "dollar"),
    (re.compile(r"\b(?:fluid ounces?|fl\.? ?oz)\b", re.IGNORECASE), "floz"),
    (
        re.compile(r"\b(?:light|astronomical)[- ](year|unit)s?\b", re.IGNORECASE),
        lambda m: {"y": "ly", "u": "au"}[m[1][0].lower()],
    ),
    (re.compile(r"\bnautical miles?\b", re.IGNORECASE), "nmi"),
    (
        re.compile(r"\b(kilo|mega)?watt[- ]hours?\b", re.IGNORECASE),
        lambda m: {"k": "kWh", "m": "MWh"}.get((m[1] or " ")[0].lower(), "Wh"),
    ),
    (re.compile(r"\b([kMG]?)W[ .*-]h\b"), r"\1Wh"),
    (re.compile(r"\b(?:pounds?|lbs?) sterling\b", re.IGNORECASE), "gbp"),
)
_LOOSE_PREFIX = re.compile(r"\bmu (?=[A-Za-z]+\b)|\b([kMGmunp]) (?=Omega\b)")
_POWER = {"square": 2, "sq": 2, "squared": 2, "cubic": 3, "cubed": 3, "cu": 3}


def find(word: str) -> Unit | None:
    """Return the unit of one word; the case of a letter counts for symbols, not for names."""
    lower = word.lower()
    if (unit := TABLE.get(word)) or len(word) < 3:
        return unit
    return _LOWER.get(lower) if len(word) > 3 or lower in _CASED else TABLE.get(lower)


def is_unit(word: str) -> bool:
    return find(word) is not None


def is_symbol_pair(word: str) -> bool:
    """Return whether two letters that are a unit could as well be a product: `cd`, `ha`, `nm`, but not `kg`, `cm`, `kN`."""
    return len(word) == 2 and word not in _COMMON and not (word[0] in "kMGmnp" and word[1] in "NVWAFHJT")


@lru_cache(maxsize=4096)
def read(text: str) -> Unit:
    """Return the unit that a text states: `cm^2`, `km/h`, `square inches`, `dollars per hour`; no dimension where a word is unknown."""
    # A power written before its unit ("square metre") waits in `pending` for it; one written behind ("metre squared") adds to
    # the last unit. After a slash or "per" every power is negative; one unknown word makes the whole unit unknown.
    powers: dict[str, int] = {}
    scale, sign, pending = Fraction(1), 1, 1
    last: tuple[Unit, int] | None = None
    text = text.replace("\\", " ").replace("cdot", " ").replace("·", " ")
    for pattern, word in _SPELLED:
        text = pattern.sub(word, text)
    text = _LOOSE_PREFIX.sub(lambda m: m[1] or "mu", text)
    for part in _PART.finditer(text):
        word = part.group("word")
        if part.group("sep"):
            sign = -1
            continue
        if not word:
            if part.group("other") in ".,{}()-*'":
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
            found = find(word)
            if found is None:
                return _UNKNOWN
            unit, extra = found, sign * pending * int((part.group("power") or "1").replace(" ", ""))
            last, pending = (unit, extra), 1
        scale *= unit.scale**extra
        for name, power in unit.dimension or ():
            powers[name] = powers.get(name, 0) + power * extra
    if last is None or pending != 1:
        return _UNKNOWN
    also = last[0].also if last[1] == 1 and len(powers) == 1 else ""
    return Unit(scale, tuple(sorted((n, p) for n, p in powers.items() if p)), also)
