r"""What the end of an answer states without a box: `The answer is (B).`, `Answer: 12`, `#### 42`, a bold value, `Thus x = 5.`, `故选：C`.

`rewards.extract` has a lenient mode, which takes the last `answer is` of the whole text or its last line: enough to measure a model, too
much to call a trace right. Here only the last sentence counts, and only where it states one value and neither denies nor doubts it. What
the value is worth says the judge; statements before it that say otherwise are returned beside it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from curation.cold_start.verify import phrases


class Statement(NamedTuple):
    """The last statement of an answer."""

    quote: str
    """The sentence or line."""
    values: tuple[str, ...]
    """What it states, in the ways that it can be read: all of it, then without what explains it."""
    earlier: tuple[str, ...] = ()
    """What sentences before it announce as the answer."""


_MAX_ANSWER_CHARS = 20_000
"""From the end; what is announced before it does not count as contradicting."""
_MAX_CLOSERS, _MAX_CLOSER_CHARS = 4, 200
_OPTION_KINDS = frozenset(("choice", "choices"))


def last_statement(answer: str, kind: str, asked: str) -> Statement | None:
    """Return what the end of an answer states, None where it states nothing. `answer` is the part behind the thinking, without boxes;
    `asked` is the question: a conclusion counts where it speaks of what that asks for.

    >>> last_statement("Adding up gives 12. So the answer is 12, as both are even.", "math", "").values
    ('12, as both are even', '12')
    >>> last_statement("The answer is not 12.", "math", ""), last_statement("There are 12 boys and 9 girls.", "math", "")
    (None, None)
    >>> last_statement("So the area is 12.", "math", "Find the area."), last_statement("So a side is 12.", "math", "Find the area.")
    (Statement(quote='So the area is 12.', values=('12',), earlier=()), None)
    """
    sentences = list(_sentences(_without_closers(answer[-_MAX_ANSWER_CHARS:])))
    if not sentences or sentences[-1].rstrip("*_ ").endswith(("?", "\uff1f")):
        return None
    last = sentences[-1]
    if phrases.PART.match(_plain(last)):
        return None
    values = _announced(last)
    if values == ():
        values = _set_apart(last, sentences, kind, asked) or _concluded(last, len(sentences) == 1, kind, asked)
    if not values or not _is_balanced(values[0]):
        return None
    earlier = (value for one in sentences[:-1] for value in _asserted(one))
    return Statement(_plain(last), values, tuple(earlier))


def _without_closers(answer: str) -> str:
    """The answer without courtesies and marks behind its last statement, `<answer>` tags as words."""
    text = re.sub(r"<(?:answer|conclusion|final_answer)>", "\nAnswer: ", answer, flags=re.IGNORECASE)
    text = re.sub(
        r"</?(?:answer|conclusion|final_answer|output|solution|response)>", "\n", text, flags=re.IGNORECASE
    ).rstrip()
    for _ in range(_MAX_CLOSERS):
        head = max(len(text) - _MAX_CLOSER_CHARS, 0)
        if (match := phrases.CLOSERS.search(text[head:])) is None:
            break
        text = text[: head + match.start()].rstrip()
    return text


def _sentences(text: str) -> Iterator[str]:
    """Sentences and lines; a display formula is a line, and what only announces an answer goes with the line behind it."""
    text = phrases.DISPLAY.sub(lambda found: f"\n$${' '.join((found[1] or found[2]).split())}$$\n", text)
    held = ""
    for line in text.splitlines():
        line = line.strip()
        if not line or re.fullmatch(r"[-*_=]{3,}", line):
            continue
        if phrases.ANNOUNCED_ONLY.match(_plain(line)):
            if held:
                yield held
            held = _plain(line).rstrip(":\uff1a ") + ": "
            continue
        line, held = held + line, ""
        yield from (part for part in phrases.SENTENCES.split(line) if part.strip())
    if held:
        yield held


def _plain(line: str) -> str:
    """A line without emphasis and the marks of headings, quotes and lists; `####` announces an answer."""
    bare = phrases.BOLD.sub(lambda found: found[1] or found[2] or found[3], line).replace("**", "")
    return re.sub(r"^\s*(?:#{1,3}|#{5,6}|>|[-*\u2022])\s+", "", bare).strip()


def _announced(sentence: str) -> tuple[str, ...] | None:
    """What a sentence says the answer is; () where it does not speak of one, None where it denies, doubts or bounds it."""
    plain = _plain(sentence)
    found = [match for pattern in phrases.ANNOUNCED if (match := _last(pattern, plain))]
    if not found:
        return ()
    match = max(found, key=lambda one: one.end() - len(_value(one)))
    before, value = plain[: match.start()], _value(match)
    clause = phrases.CLAUSE.split(before)[-1]
    if (
        phrases.SUPPOSES.match(before)
        or phrases.DOUBTS.search(clause)
        or phrases.ANOTHERS.search(clause)
        or phrases.OF_IT.search(clause)
        or phrases.BOUNDS.match(value)
        or phrases.COMPARES.search(value)
    ):
        return None
    return _readings(value)


def _value(match: re.Match[str]) -> str:
    return next(text for text in match.groups() if text)


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last match that a pattern has in a text, overlapping ones included: a value runs to the end of the sentence."""
    found, at = None, 0
    while match := pattern.search(text, at):
        found, at = match, match.start() + 1
    return found


def _readings(value: str) -> tuple[str, ...] | None:
    whole = _trimmed(value)
    match = phrases.EXPLANATION.search(whole)
    if match is None or match.start() == 0:
        return (whole,) if whole else None
    stated = _trimmed(whole[: match.start()])
    if phrases.REASONS.match(whole, match.start()):
        return (stated,)
    return None if phrases.DOUBTS.search(whole, match.end()) else (whole, stated)


def _is_balanced(value: str) -> bool:
    """Whether as many brackets open as close behind the letter of an option: `[42` is cut off, `[0, 1)` and `B) 42` are not."""
    bare = re.sub(r"\A\W*[A-J]\)", "", value)
    return sum(map(bare.count, "([{")) == sum(map(bare.count, ")]}"))


def _trimmed(value: str) -> str:
    bare = value.strip().rstrip(".\u3002\uff0e\uff01,;").strip()
    return bare if re.search(r"[\d)\]}$]!+\Z", bare) else bare.rstrip("!. ")


def _asserted(sentence: str) -> tuple[str, ...]:
    """What a sentence that begins so announces as the answer: another one than the last contradicts it."""
    plain = _plain(sentence)
    match = next((found for pattern in phrases.ANNOUNCED_FIRST if (found := pattern.search(plain))), None)
    if match is None or not phrases.STARTS.match(plain[: match.start()]) or plain.endswith("?"):
        return ()
    return (_announced(sentence) or ())[-1:]


def _set_apart(last: str, sentences: list[str], kind: str, asked: str) -> tuple[str, ...]:
    """A value that form sets apart: the only bold of the last line, a formula on a line of its own, an option's letter, words alone."""
    plain = _plain(last)
    if kind in _OPTION_KINDS and re.fullmatch(r"\(?[A-J]\)?\.?", plain):
        return (plain.rstrip("."),)
    if len(sentences) == 1 and re.fullmatch(r"[-\u2212$\u20ac]?\d[\d,./]*%?|\$[^$]+\$|\\\(.+\\\)", _trimmed(plain)):
        return (_trimmed(plain),)
    if match := phrases.DISPLAY.fullmatch(last.strip()):
        concludes = len(sentences) < 3 or phrases.CONCLUDES.match(_plain(sentences[-2]))
        value = _trimmed(match[1] or match[2])
        of = "".join(map(_plain, sentences[-2:-1]))
        return (value,) if concludes and not phrases.GOES_ON.search(last) and _is_asked(of, value, asked) else ()
    bold = phrases.BOLD.findall(last)
    if len(bold) == 1 and phrases.ENDED.search(last) and not _is_no_result(plain):
        value = "".join(bold[0])
        is_asked = _is_asked(plain[: plain.find(value)], "", asked) and not value.rstrip().endswith((":", "\uff1a"))
        return (_trimmed(value),) if is_asked else ()
    if kind == "text" and not re.match(r"\s*(?:[-*\u2022]|\d+[.)])\s", last) and len(sentences) < 3:
        return (_trimmed(plain),)
    return ()


def _concluded(sentence: str, is_alone: bool, kind: str, asked: str) -> tuple[str, ...]:
    """The one value of a sentence that concludes, or that is the whole answer, on what was asked for."""
    values = _one_value(sentence, is_alone, kind)
    if not values or kind in _OPTION_KINDS:
        return values
    plain = _plain(sentence)
    return values if _is_asked(plain[: plain.rfind(values[-1])], values[-1], asked) else ()


def _is_asked(subject: str, value: str, asked: str) -> bool:
    """Whether every word and name of a subject and of the left side of a value, common words aside, is in the question: a side is not the
    area, and `x^2 = 5` not x.
    """
    side = re.sub(r"\\[A-Za-z]+|\\\(|\$", " ", value.partition("=")[0]) if "=" in value else ""
    bare = re.sub(r"\\[A-Za-z]+", " ", subject) + " " + side
    names = {name for pattern in (phrases.VARIABLE, phrases.NAME) for name in pattern.findall(bare)}
    known = {name for pattern in (phrases.VARIABLE, phrases.NAME) for name in pattern.findall(asked)}
    asked = asked.casefold()
    words = {word.casefold() for word in re.findall(r"[A-Za-z]{3,}", bare) if not word.isupper()} - phrases.COMMON
    han = set(re.findall(r"[\u4e00-\u9fff]", bare)) - phrases.COMMON_HAN
    stems = (word[: max(4, len(word) - 3)] for word in words)
    is_known = all(stem in asked for stem in stems) and names <= known and all(one in asked for one in han)
    return is_known and phrases.SIDE.fullmatch(side) is not None


def _one_value(sentence: str, is_alone: bool, kind: str) -> tuple[str, ...]:
    plain = _plain(sentence)
    lead = phrases.CONCLUDES.match(plain)
    opens = lead and not re.search(r"\w.*\btherefore", lead.group(), re.IGNORECASE)
    if lead and opens and re.match(r"[\s,:]*[-\u2212$]?\d", plain[lead.end() :]):
        return ()  # `Hence 17 is too large.`
    if kind in _OPTION_KINDS:
        letter = phrases.LETTER_ALONE.fullmatch(plain)
        return (letter[1],) if letter else ()
    if kind == "text" or not (lead or is_alone) or not phrases.ENDED.search(sentence) or _is_no_result(plain):
        return ()
    if phrases.SUPPOSES.match(plain):
        return ()
    values = list(_values(plain))
    if stated := _behind_copula(plain, values):
        return stated
    if len(values) != 1 or not values[0]:
        return ()
    start = plain.rfind(values[0])
    before, behind = plain[:start].rstrip("$(\\ "), plain[start + len(values[0]) :]
    if re.search(r"[\u4e00-\u9fff]", plain):
        is_said = phrases.INTO_NUMBER.search(before) is not None
    elif phrases.SPAN.search(plain):
        is_said = not re.search(r"\w", behind) and phrases.INTO_FORMULA.search(before) is not None
    else:
        clause = plain[lead.end() if lead else 0 :].lstrip(", ")
        is_said = (
            is_alone
            and phrases.HAS.search(before) is not None
            and not re.search(r"\bwe\b|\banswer\b|\w,\s", clause, re.IGNORECASE)
        )
    return (values[0],) if is_said and not phrases.MAGNITUDE.match(behind) else ()


def _behind_copula(plain: str, values: list[str]) -> tuple[str, ...]:
    """`The largest angle is 120 degrees`: the value behind the last copula, with and without what it counts."""
    masked = phrases.SPAN.sub(lambda found: "\x00" * len(found.group()), plain)
    copulas = list(phrases.COPULAS.finditer(masked))
    match = phrases.RESULT.fullmatch(plain, copulas[-1].end()) if copulas else None
    if match is None or (len(values) > 1 and (len(copulas) > 1 or re.search(r"\d", match["unit"]))):
        return ()
    whole = _trimmed(match["value"] + match["unit"])
    return (whole,) if phrases.MAGNITUDE.match(match["unit"]) else tuple({whole: 0, _trimmed(match["value"]): 0})


def _is_no_result(sentence: str) -> bool:
    """Whether a sentence that announces no answer denies or doubts something, bounds it, compares it, or is on its way."""
    digit = re.search(r"\d", sentence)
    compares = digit and phrases.COMPARES.search(sentence, digit.start())
    return bool(compares or phrases.DOUBTS.search(sentence) or phrases.GOES_ON.search(sentence))


def _values(plain: str) -> Iterator[str]:
    """The formulas and numbers of a sentence; '' for a number that is part of something else."""
    for span in phrases.SPAN.finditer(plain):
        if re.search(r"\d|=", content := (span[1] or span[2] or span[3])):
            yield _trimmed(content)
    for number in phrases.NUMBER.finditer(phrases.SPAN.sub(" ", plain)):
        more = number["more"] or ""
        is_part = bool(more) and not re.match(r"[\u3007\u4e00-\u9fff]", more)
        yield "" if is_part else _trimmed(number.group().removesuffix(more))
