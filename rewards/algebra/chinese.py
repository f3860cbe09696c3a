"""Chinese words around a number, as the English words that the parser knows: 千米 is `km`, 平方厘米 `square cm`, 至少
`at least`; words that are not known stay as they are.
"""

import re
from fractions import Fraction
from functools import lru_cache

from rewards.algebra import numerals

_LENGTHS = {"千米": "km", "公里": "km", "米": "m", "分米": "dm", "厘米": "cm", "毫米": "mm", "微米": "micrometer", "纳米": "nanometer",
            "英寸": "inch", "英尺": "feet", "英里": "mile"}  # fmt: skip
_WORDS = _LENGTHS | {
    "克": "g", "千克": "kg", "公斤": "kg", "毫克": "mg", "斤": "jin", "吨": "ton", "秒": "s", "毫秒": "ms", "秒钟": "s", "分钟": "min", "小时": "hour",
    "时": "hour", "天": "day", "周": "week", "星期": "week", "个月": "month", "年": "year", "岁": "year", "个小时": "hour", "个星期": "week",
    "元": "yuan", "块钱": "yuan", "人民币": "yuan", "角": "jiao", "毛": "jiao", "美元": "dollar", "美分": "cent", "欧元": "euro", "英镑": "gbp", "日元": "yen",
    "升": "L", "毫升": "mL", "公顷": "hectare", "亩": "chinesemu", "摄氏度": "celsius", "华氏度": "fahrenheit", "度": "degree", "开尔文": "kelvin",
    "牛": "N", "牛顿": "N", "千牛": "kN", "焦": "J", "焦耳": "J", "千焦": "kJ", "瓦": "W", "瓦特": "W", "千瓦": "kW", "千瓦时": "kWh", "伏": "V", "伏特": "V",
    "千伏": "kV", "毫伏": "mV", "安": "A", "安培": "A", "毫安": "mA", "欧": "ohm", "欧姆": "ohm", "千欧": "kohm", "帕": "Pa", "帕斯卡": "Pa", "千帕": "kPa",
    "兆帕": "MPa", "赫": "Hz", "赫兹": "Hz", "千赫": "kHz", "兆赫": "MHz", "摩尔": "mol", "卡": "cal", "千卡": "kcal", "每": "per", "每秒": "per s", "每小时": "per hour",
    "平方": "square", "立方": "cubic", "和": "and", "与": "and", "且": "and", "或": "or", "或者": "or", "并且": "and",
    "余": "remainder", "余数是": "remainder", "余数为": "remainder", "余数": "remainder", "商": "quotient", "商是": "quotient", "商为": "quotient",
    "大于": "greater than", "小于": "less than", "不小于": "at least", "不大于": "at most", "大于等于": "at least", "小于等于": "at most", "大于或等于": "at least",
    "小于或等于": "at most", "至少": "at least", "不少于": "at least", "至多": "at most", "最多": "at most", "不超过": "at most", "不多于": "at most",
    "超过": "more than", "多于": "more than", "少于": "less than", "以上": "or more", "以下": "or less", "等于": "=",
    "增加": "increase", "增加了": "increase", "增长": "increase", "增长了": "increase", "上升": "increase", "上升了": "increase", "提高": "increase",
    "提高了": "increase", "减少": "decrease", "减少了": "decrease", "下降": "decrease", "下降了": "decrease", "降低": "decrease", "降低了": "decrease",
    "东": "east", "西": "west", "南": "south", "北": "north", "向上": "up", "向下": "down", "向左": "left", "向右": "right",
    "奇数": "odd", "偶数": "even", "负": "minus",
}  # fmt: skip
_WORDS |= {f"平方{name}": f"square {word}" for name, word in _LENGTHS.items()}
_WORDS |= {f"立方{name}": f"cubic {word}" for name, word in _LENGTHS.items()}
_WORDS |= dict.fromkeys(("个", "只", "本", "张", "条", "支", "件", "台", "辆", "棵", "颗", "头", "位", "名", "根", "块", "把", "枝", "朵", "双", "份",
                         "共", "一共", "总共", "共有", "有", "是", "为", "答", "答案", "答案是", "答案为", "第", "向", "走", "的", "了", "钱", "大约", "约"), "")  # fmt: skip
_SCALES = frozenset(word for word in numerals.SCALES if not word.isascii())
_ALL = _WORDS.keys() | _SCALES
_LONGEST = max(map(len, _ALL))
HAN = re.compile("[\u3007\u4e00-\u9fff]+")


@lru_cache(maxsize=2048)
def words(run: str, before: str, *, digits: bool) -> tuple[str, ...]:
    """Return a run of Chinese characters as words.

    `before` is the word in front of it (分 is a minute behind an hour, a cent behind 角); `digits` says whether the answer has a
    number. Where it has none the run is kept, unless it is a number itself.
    """
    found: list[str] = []
    at = 0
    while at < len(run):
        number = numerals.CHINESE.match(run, at)
        word = next(
            (run[at : at + n] for n in range(min(_LONGEST, len(run) - at), 0, -1) if run[at : at + n] in _ALL), ""
        )
        if number and len(number.group()) >= len(word) and _stands_alone(run, number.end(), found, digits):
            found.append(_digits(number.group()))
            at = number.end()
        elif word:
            found.append(word if word in _SCALES else _WORDS[word])
            at += len(word)
        else:
            if run[at] == "分" and (found or before):
                last = next((w for w in reversed(found) if w), before)
                if last in ("hour", "jiao", "yuan") or at + 1 < len(run) and run[at + 1] == "秒":
                    found.append("fen" if last in ("jiao", "yuan") else "min")
                    at += 1
                    continue
            if found and not _known(found[-1]):
                found[-1] += run[at]
            else:
                found.append(run[at])
            at += 1
    kept = [word for word in found if word]
    if not digits and not any(word[0].isdigit() or word[0] in "-\\" for word in kept):
        return (run,)
    return tuple(piece for word in kept for piece in word.split())


def _known(word: str) -> bool:
    return word == "" or word.isascii() or word in _SCALES


def _stands_alone(run: str, end: int, found: list[str], digits: bool) -> bool:
    """Return whether a number ends the run or has a unit behind it, and is not the magnitude of a number in front of the run."""
    if found and any(found):
        return False
    behind = run[end:]
    return not (digits and not found and run[:end] in _SCALES) and (not behind or behind in _ALL)


def _digits(text: str) -> str:
    value = numerals.chinese(text) or Fraction(0)
    value *= 100 if text.startswith("百分之") else 1
    sign = " %" if text.startswith("百分之") else ""
    return (str(value) if value.denominator == 1 else f"\\frac{{{value.numerator}}}{{{value.denominator}}}") + sign
