"""Chinese words around a number, as the English words that the parser knows: 千米 is `km`, 平方厘米 `square cm`, 至少
`at least`; words that are not known stay as they are.
"""

import re
from fractions import Fraction
from functools import lru_cache

from rewards.algebra.vocabulary import word_set, word_table
from rewards.algebra.wording import numerals

_LENGTHS = word_table("""
km: 千米 公里
m: 米
dm: 分米
cm: 厘米
mm: 毫米
micrometer: 微米
nanometer: 纳米
inch: 英寸
feet: 英尺
mile: 英里
""")
_UNITS = _LENGTHS | word_table("""
g: 克
kg: 千克 公斤
mg: 毫克
jin: 斤
liang: 两
chineseli: 里
ke: 刻钟
pound: 磅
ounce: 盎司
yard: 码
gallon: 加仑
nmi: 海里
ly: 光年
century: 世纪
byte: 字节
ton: 吨
s: 秒 秒钟
ms: 毫秒
min: 分钟
hour: 小时 时 个小时
day: 天
week: 周 星期 个星期
month: 个月
year: 年 岁
yuan: 元 块钱 人民币
jiao: 角 毛
dollar: 美元
cent: 美分
euro: 欧元
gbp: 英镑
yen: 日元
L: 升
mL: 毫升
hectare: 公顷
chinesemu: 亩
celsius: 摄氏度
fahrenheit: 华氏度
degree: 度
kelvin: 开尔文
N: 牛 牛顿
kN: 千牛
J: 焦 焦耳
kJ: 千焦
W: 瓦 瓦特
kW: 千瓦
kWh: 千瓦时
V: 伏 伏特
kV: 千伏
mV: 毫伏
A: 安 安培
mA: 毫安
ohm: 欧 欧姆
kohm: 千欧
Pa: 帕 帕斯卡
kPa: 千帕
MPa: 兆帕
Hz: 赫 赫兹
kHz: 千赫
MHz: 兆赫
mol: 摩尔
cal: 卡
kcal: 千卡
""")
_UNITS |= {f"平方{name}": f"square {word}" for name, word in _LENGTHS.items()}
_UNITS |= {f"立方{name}": f"cubic {word}" for name, word in _LENGTHS.items()}
_WORDS = _UNITS | word_table("""
per: 每
per s: 每秒
per hour: 每小时
and: 和 与 且 并且
or: 或 或者
remainder: 余 余数是 余数为 余数
quotient: 商 商是 商为
greater than: 大于
less than: 低于 不足 小于 少于
at least: 不低于 不小于 大于等于 大于或等于 至少 不少于
at most: 不高于 以内 不大于 小于等于 小于或等于 至多 最多 不超过 不多于
more than: 高于 超过 多于
or more: 以上 或以上 及以上 及其以上
or less: 以下 或以下 及以下
=: 等于
increase: 增加 增加了 增长 增长了 上升 上升了 提高 提高了
decrease: 减少 减少了 下降 下降了 降低 降低了
east: 东
west: 西
south: 南
north: 北
up: 向上
down: 向下
left: 向左
right: 向右
person: 人
odd: 奇数
even: 偶数
minus: 负 零下
""")
_WORDS |= dict.fromkeys(
    word_set("""
个 只 本 张 条 支 件 台 辆 棵 颗 头 位 名 根 块 把 枝 朵 双 份 共 一共 总共 共有 有 是 为 答 答案 答案是
答案为 第 向 走 的 了 钱 大约 约 需要 需 要 共需 共计 合计
"""),
    "",
)
_SCALES = frozenset(word for word in numerals.SCALES if not word.isascii())
_ALL = _WORDS.keys() | _SCALES
_UNMEASURED = _WORDS.keys() - _UNITS.keys()
_LONGEST = max(map(len, _ALL))
HAN = re.compile("[\u3007\u4e00-\u9fff]+")


@lru_cache(maxsize=2048)
def words(run: str, before: str, *, digits: bool, measured: bool) -> tuple[str, ...]:
    """Return a run of Chinese characters as words.

    `before` is the word in front of it (分 is a minute behind an hour, a cent behind 角); `digits` says whether the answer has
    a number, `measured` whether one stands in front: only behind one is a word a unit. Where it has none the run is kept, unless it
    is a number itself.
    """
    found: list[str] = []
    at = 0
    while at < len(run):
        number, known = numerals.CHINESE.match(run, at), _ALL if measured else _UNMEASURED
        word = next(
            (run[at : at + n] for n in range(min(_LONGEST, len(run) - at), 0, -1) if run[at : at + n] in known), ""
        )
        is_unit = measured and at == 0 and word in _UNITS
        is_ordinal = at > 0 and run[at - 1] == "第"
        if number and is_ordinal:
            found.append(_digits(number.group()))
            at = number.end()
        elif (
            number
            and not is_unit
            and len(number.group()) >= len(word)
            and _stands_alone(run, number.end(), found, digits)
        ):
            found.append(_digits(number.group()))
            measured = True
            at = number.end()
        elif word:
            found.append(word if word in _SCALES else _WORDS[word])
            at += len(word)
        else:
            if run[at] == "分" and (found or before):
                last = next((w for w in reversed(found) if w), before)
                if last in ("hour", "jiao", "yuan") or (at + 1 < len(run) and run[at + 1] == "秒"):
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
