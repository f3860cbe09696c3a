r"""The language of a question: its script where that decides, py3langid for the rest, `und` where there are too few words.

Formulas, commands, code, links and numbers are taken off first. Under six words py3langid guesses (of the questions of a public English
sample all of 13,269 with six words or more were identified, and half of those with one to five were not), so there only the verbs in
which mathematics is set count.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from curation.text.formulas import FORMULA, without_figures

LANGUAGES = (
    "ar", "bg", "ca", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja", "ko",
    "nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
MIN_WORDS = 6
_NO_LANGUAGE = re.compile(
    rf"```.{{0,4000}}?```|{FORMULA}"
    r"|\\begin\{(\w{1,20}\*?)\}.{0,4000}?\\end\{\1\}|\\[A-Za-z]+|https?://\S+|\b[\w.+-]{1,64}@\S+|<[^<>\s]{1,40}>",
    re.DOTALL,
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_ENGLISH = frozenset((
    "add", "calculate", "compute", "convert", "determine", "evaluate", "express", "factor", "find", "given", "how", "multiply", "prove",
    "show", "simplify", "solve", "subtract", "the", "what", "which", "write",
))  # fmt: skip
_SCRIPTS = {
    "kana": re.compile("[\u3041-\u30ff\u31f0-\u31ff]"),
    "hangul": re.compile("[\u1100-\u11ff\uac00-\ud7af]"),
    "han": re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"),
    "cyrillic": re.compile("[\u0400-\u04ff]"),
    "arabic": re.compile("[\u0600-\u06ff]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
    "thai": re.compile("[\u0e00-\u0e7f]"),
    "greek": re.compile("[\u0370-\u03ff\u1f00-\u1fff]{4,}"),
    "latin": re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"),
}
_ONE = {"kana": "ja", "hangul": "ko", "han": "zh", "hebrew": "he", "devanagari": "hi", "thai": "th", "greek": "el"}
_SEVERAL = {"cyrillic": ("bg", "ru", "uk"), "arabic": ("ar", "fa")}
_WRITTEN_IN = {
    "zh": {"han"}, "ja": {"kana", "han"}, "ko": {"hangul", "han"}, "he": {"hebrew"}, "hi": {"devanagari"}, "th": {"thai"},
    "el": {"greek"}, "bg": {"cyrillic"}, "ru": {"cyrillic"}, "uk": {"cyrillic"}, "ar": {"arabic"}, "fa": {"arabic"},
}  # fmt: skip


def _prose(text: str) -> str:
    """The text without what has no language."""
    return _NO_LANGUAGE.sub(" ", without_figures(text))


def plain_words(text: str) -> list[str]:
    """The words of a question, without what has no language."""
    return _WORD.findall(_prose(text))


def script_of(text: str) -> str:
    """The script that most letters are in; a Han sign counts three letters, for it is a word. '' where there is none."""
    return _script_of(_prose(text))


def _script_of(text: str) -> str:
    """The same of prose."""
    if text.isascii():
        return "latin" if _SCRIPTS["latin"].search(text) else ""
    counts = Counter({name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()})
    counts["han"] *= 3
    counts["greek"] *= 4
    if counts["kana"] * 10 >= counts["han"] / 3 and counts["kana"] > 1:
        counts["kana"] += counts.pop("han", 0)
    script, n = max(counts.items(), key=lambda item: item[1])
    return script if n else ""


def identify(text: str, languages: Sequence[str] = LANGUAGES) -> str:
    """ISO 639-1 code, or `und`.

    >>> identify("Find $x$."), identify("求 $x$ 的值。"), identify("$x = 1$")
    ('en', 'zh', 'und')
    """
    prose = _prose(text)
    script = _script_of(prose)
    if script in _ONE:
        return _ONE[script]
    words = _WORD.findall(prose)
    if script in _SEVERAL:
        return str(_identifier(_SEVERAL[script]).classify(" ".join(words).lower())[0])
    if len(words) < MIN_WORDS:
        return "en" if _ENGLISH & {word.lower() for word in words} else "und"
    return str(_identifier(tuple(languages)).classify(" ".join(words).lower())[0])


def contradicts(stated: str, text: str) -> bool:
    """Whether the script of the text cannot be that of the stated language."""
    if text.isascii() and stated.partition("-")[0] not in _WRITTEN_IN:
        return False
    script = script_of(text)
    return bool(script) and script not in _WRITTEN_IN.get(stated.partition("-")[0], {"latin"}) and _enough(script, text)


def _enough(script: str, text: str) -> bool:
    """Ten letters: a name or a sign of another script makes no other language. Latin letters may be variables, so they need words."""
    letters = len(_SCRIPTS[script].findall(_prose(text)))
    return letters >= 10 and (script != "latin" or len(plain_words(text)) >= MIN_WORDS)


@lru_cache(maxsize=8)
def _identifier(languages: tuple[str, ...]) -> Any:
    """py3langid over a set of languages; the model takes two seconds and 20 MB, once per process."""
    from curation.normalise.word_by_word import WordByWord

    return WordByWord.of_languages(languages)
