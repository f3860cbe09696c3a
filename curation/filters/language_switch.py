r"""Drop traces that change their script or language in the middle: half of the thought in Chinese, an answer in another language.

DeepSeek-R1 (arXiv 2501.12948, 2.3.2) rewards the share of words in the target language, for its thoughts mixed them. Formulas, code, links,
names, quotations and what stands in brackets are no language; a question in two scripts or about languages allows both, and an answer may
return from the thought's language to the question's. Between languages of one script short function words decide, in blocks of 700
characters, and only those are looked at that have hardly one of English.
"""

import re
from typing import ClassVar, Literal

from pydantic import Field

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.text.traces import parts_of

_SCRIPTS = {
    "han": "\u3400-\u4dbf\u4e00-\u9fff",
    "kana": "\u3041-\u30ff",
    "hangul": "\uac00-\ud7af",
    "cyrillic": "\u0400-\u04ff",
    "arabic": "\u0600-\u06ff",
    "hebrew": "\u0590-\u05ff",
    "devanagari": "\u0900-\u097f",
    "thai": "\u0e00-\u0e7f",
}
_FOREIGN = re.compile(f"[{''.join(_SCRIPTS.values())}]")
_BETWEEN = r"[\s\d.,;:!?'\-，。、；：！？·=+（）()]{0,6}"
_RUNS = {name: re.compile(f"[{signs}](?:{_BETWEEN}[{signs}])*") for name, signs in _SCRIPTS.items()}
_LATIN_RUN = re.compile(r"[A-Za-z\u00c0-\u024f'’]{2,}(?:[ ,;.!?\n-]{1,3}[A-Za-z\u00c0-\u024f'’]+){11,}")
_IGNORED = re.compile(
    r"```.*?(?:```|\Z)|\$\$.{0,2000}?\$\$|\$[^$\n]{0,500}\$|\\\[.{0,2000}?\\\]|\\\(.{0,1000}?\\\)|`[^`\n]{0,200}`|https?://\S+"
    r"|\"[^\"\n]{0,200}\"|“[^”\n]{0,200}”|「[^」\n]{0,200}」|『[^』\n]{0,200}』|‘[^’\n]{0,200}’|《[^》\n]{0,100}》|«[^»\n]{0,200}»"
    r"|\([^()\n]{0,120}\)|（[^（）\n]{0,120}）|\\[A-Za-z]+",
    re.DOTALL,
)
_ABOUT_LANGUAGES = re.compile(
    r"\b(?:translat\w+|chinese|mandarin|japanese|korean|russian|arabic|hebrew|hindi|thai|french|german|spanish|italian|portuguese|latin"
    r"|english|languages?|kanji|pinyin|cyrillic|hiragana)\b|翻译|译成|英文|英语|中文|汉语|日语|法语|德语|俄语|перев[еo]д",
    re.IGNORECASE,
)
_BLOCK = 700
_FUNCTION = {
    "en": "the and is of that this with are was for but not have which",
    "de": "der und die das ist nicht ein eine wir mit auch für sich dass",
    "fr": "le les des est une que dans pour nous sur avec donc qui cette",
    "es": "el los las es una que por para con pero como entonces del esta",
    "it": "il che di della sono per una con non questo quindi gli nel più",
    "pt": "os uma não para com que são isso então mais como dos pela seu",
    "nl": "het een van niet dat zijn met voor maar ook dit deze naar wordt",
    "pl": "nie jest się że przez dla jak ale tego oraz więc czyli gdy aby",
    "vi": "của là và không có được cho các một trong này với ta thì",
    "tr": "bir ve bu için ile olarak değil daha olan gibi çok kadar olur ise",
}  # fmt: skip
_WORDS = {language: frozenset(words.split()) for language, words in _FUNCTION.items()}
_ENGLISH = re.compile(r"\b(?:the|is|and|of|that|this|we|so|to)\b", re.IGNORECASE)
_PLAINLY_ENGLISH = re.compile(r"(?:.*? (?:the|is|and|of|that|this|we|so|to)\b){4}", re.DOTALL)
"""Four of the words with a space in front: most texts have them, and are told so in a fifth of the time."""
_WORD = re.compile(r"[^\W\d_]+")


class LanguageSwitch(Filter):
    """Passages of the trace in another script or language than the rest of its part."""

    kind: Literal["language_switch"] = "language_switch"
    of_traces: ClassVar[bool] = True
    remedies: ClassVar[dict[str, str]] = {
        "script_changes": "min_letters",
        "language_changes": "min_words",
        "answers_in_another_script": "",
    }
    min_letters: int = Field(default=12, ge=1)
    """Letters of another script in one passage, a Han sign counted as two; a name has fewer. In Latin letters 12 words are a passage."""
    min_words: int = Field(default=25, ge=10)
    """Words of a block in another language of the same script."""

    def judge(self, row: Row) -> Judgement:
        trace = row.completion
        if not trace.isascii() and _FOREIGN.search(trace) and (found := self._scripts(row)):
            return found
        if changed := _language_change(trace, row, self.min_words):
            return False, "language_changes", changed
        return True

    def _scripts(self, row: Row) -> Judgement | None:
        question = row.question
        thought, answer, _ = parts_of(row.completion)
        if _ABOUT_LANGUAGES.search(question):
            return None
        asked = _main_script(question)
        bilingual = {name for name, pattern in _RUNS.items() if pattern.search(question)}
        bilingual = bilingual | {"latin"} if _LATIN_RUN.search(question) or not bilingual else bilingual
        bilingual = bilingual if len(bilingual) > 1 else set()
        mains = []
        for part in (thought, answer):
            prose = _IGNORED.sub(" ", part)
            main = _main_script(prose)
            mains.append(main)
            if main and (run := _foreign_run(prose, main, bilingual, self.min_letters)):
                return False, "script_changes", run[:80]
        if (
            all(mains)
            and mains[0] != mains[1]
            and mains[1] not in {asked, *bilingual}
            and len(_FOREIGN.findall(answer)) >= self.min_letters
        ):
            return False, "answers_in_another_script", answer[:80]
        return None


def _main_script(text: str) -> str:
    """The script of most words, a Han sign or kana counted as half a word, five letters of the others as one."""
    counts: dict[str, float] = {"latin": len(re.findall(r"[A-Za-z\u00c0-\u024f]{2,}", text))}
    for name, signs in _SCRIPTS.items():
        n = len(re.findall(f"[{signs}]", text))
        counts[name] = n / 2 if name in ("han", "kana", "hangul") else n / 5
    if counts["kana"]:
        counts["kana"] += counts.pop("han")
    name, most = max(counts.items(), key=lambda item: item[1])
    return name if most else ""


def _foreign_run(prose: str, main: str, allowed: set[str], min_letters: int) -> str:
    for name, pattern in _RUNS.items():
        if (
            name == main
            or name in allowed
            or (main == "kana" and name == "han")
            or (main == "hangul" and name == "han")
        ):
            continue
        for found in pattern.finditer(prose):
            letters = len(re.findall(f"[{_SCRIPTS[name]}]", found[0]))
            if letters * (2 if name == "han" else 1) >= min_letters:
                return found[0]
    if main != "latin" and "latin" not in allowed and (latin := _LATIN_RUN.search(prose)):
        return latin[0]
    return ""


def _language_change(trace: str, row: Row, min_words: int) -> str:
    """A passage in another language of the Latin script than the rest; '' where there is none."""
    others = []
    for start in range(0, len(trace), _BLOCK):
        if _PLAINLY_ENGLISH.match(trace, start, start + _BLOCK):
            continue
        english = _ENGLISH.finditer(trace, start, start + _BLOCK)
        if sum(1 for _ in zip(range(4), english, strict=False)) < 4:
            others.append(start)
    if not others:
        return ""
    named = []
    for start in others:
        block = _IGNORED.sub(" ", trace[start : start + _BLOCK])
        words = [word.lower() for word in _WORD.findall(block) if len(word) > 1]
        if len(words) < min_words:
            continue
        counts = {language: sum(word in known for word in words) for language, known in _WORDS.items()}
        language, most = max(counts.items(), key=lambda item: item[1])
        second = sorted(counts.values())[-2]
        if most >= 0.08 * len(words) and most >= 1.5 * second:
            named.append((language, block))
    languages = {language for language, _ in named}
    if len(others) < len(range(0, len(trace), _BLOCK)):
        languages.add("en")
    if len(languages) < 2 or _ABOUT_LANGUAGES.search(row.question):
        return ""
    return next(" ".join(block.split())[:80] for language, block in named if language != "en")
