r"""The options that a question lists in its own text. Whoever needs them - golds, sources, normalisation, triage - reads them here.

A list is made of labels in order from A, all in one style, each with a text behind it:

    label   A.  A:  A)  A).  (A)  and full-width  A．  A：  A、  （A）
            inside \text{} \textbf{} \mathrm{} ** ** $ $ or behind a bullet; inside a LaTeX command the bare letter does
    list    a label at the start of every line, or labels within lines

Two options make a list; three where the labels are lower-case letters, which also count parts and conditions, or bare ones. Within a
line `A.` may be an initial or a point at the end of a sentence, so where a capital letter follows the list has to follow the end of a
question or a blank; three options may follow any sentence, four any word. Of several lists the last counts. It ends at a blank line,
or at a line that says how to answer. Letters of prose and of formulas (`Bank A: ... Bank B: ...`, `(A), which`) make no list.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LABEL = re.compile(
    r"""
    (?P<line> ^[ \t>]*(?:(?:[-*•·]|\$?\\bullet\$?|\\item)[ \t]+)? )?
    (?P<wrap> (?:(?P<dollar>\$)|(?P<bold>\*\*)|\\(?:text(?:bf|rm|sf)?|math(?:rm|bf|sf))\s?\{\s?){0,4} )
    (?: [(（]\s?(?P<enclosed>[A-Za-z])\s?[)）] | (?:(?<![A-Za-z])|(?=[A-Z]．))(?P<letter>[A-Za-z])(?![A-Za-z]) )
    (?P<closed> (?(bold)\*\*|(?!)) | \s?\} )?
    (?P<sign> \)?[.:：．]|、|[)）] )?
    (?(bold)(?:\*\*)?) (?: \s?\} ){0,4} (?P<formula> (?(dollar)\$?) )
    """,
    re.VERBOSE | re.MULTILINE,
)
_MAY_LIST = re.compile("[Bb](?![A-Za-z])(?:(?<![A-Za-z].)|(?=．))")
"""The second label of a list; without it there is none."""
_SPACING = re.compile(r"(?:[\s~}]|\\[ ,;:!]|\\q?quad(?![a-z])){0,20}")
_HALF_WIDTH = str.maketrans("．：）", ".:)")
_MAY_FOLLOW = re.compile(r"(?:\A|[\s$.?!:;)}\]_。？！：；）】]|\\\\|quad)\Z")
"""What a label within a line may follow."""
_OPENS = re.compile(r"(?:\A|\s)\{\Z")
_ENDS_STEM = re.compile(r"(?:[?:_)\]}$=？：；）】]|\n)\s*\Z")
_ENDS_SENTENCE = re.compile(r"(?<!\b[A-Z])(?<!\bDr)(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bProf)(?<!\bSt)[.!。！]\s*\Z")
_ENDS_WORD = re.compile(r"[^\W\d_]\s*\Z")
_ABBREVIATES = re.compile(r"[A-Z]\.")
_IS_CAPITALISED = re.compile(r"[A-Z][A-Za-z]")
_BLANK_LINE = re.compile(r"\n\s*\n")
_LIST_END = re.compile(r"\n[ \t]*(?:\n|[(*]{0,2}(?:please|answer|choose|select|enter|type)\b|请|答案)", re.IGNORECASE)
_ASKED_BEHIND = re.compile(
    r"[.;。；]\s+(?:which|what) (?:one|options?|choices?|answers?|statements?|of (?:these|them|the)"
    r"|is (?:correct|true|right|false|wrong))\b[^.?!;]{0,60}[?？]\s*\Z",
    re.IGNORECASE,
)
"""The question behind a list within a line: `(c) none of these. Which one is right?`"""
_ASKS = re.compile(
    r"[?？]|\A(?:find|prove|show|determine|compute|calculate|explain|what|how|why)\b|求|证明", re.IGNORECASE
)
_JOINS = re.compile(r"(?:\b(?:and|with|to)|[且和])\s*\Z")
"""Between labels of conditions that hold together, or of people."""
_GOES_ON = re.compile(r"\s*(?:[,;)]|\.\s|\+\s|--|=\s?\S)")
"""What follows a letter that a sentence or a formula speaks of: `(A), which`, `200 (A) + 150 (B) = 350`."""
_LAST_WORD = re.compile(r"(?:\\|\b)[^\W\d_]{2,}\s*\Z")
_SEPARATOR = re.compile(r"(?:\\q?quad|\\hspace\{[^{}]{0,20}\}|\\[ ,;:!\\]|\s(?:or|或))\Z")
_IMAGE_AT_END = re.compile(r"(?:\s{0,9}<image(?: \d{1,2})?>)+\s*\Z")
_SPACE = " \t\r\n~"
_NEAR, _MAX_TRIES, _MAX_SEPARATORS = 200, 20, 20
"""Bounds that hold the work linear for hostile questions: characters looked back, lists tried, separators taken off."""

Style = tuple[bool, str, bool]
"""In parentheses; the sign behind; lower case."""


@dataclass(frozen=True, slots=True)
class _Label:
    """A label found at text[start:end], its number from A, and whether a line starts with it."""

    start: int
    end: int
    number: int
    style: Style
    starts_line: bool


def options_in(question: str) -> list[str]:
    r"""The texts of the options that a question lists, from A on, without their labels; [] where it lists none.

    >>> options_in("What is 2 + 2? A. 3 B. 4"), options_in("Plan A. B follows.")
    (['3', '4'], [])
    >>> options_in(r"$\textbf{(A)}\ 3 \qquad \textbf{(B)}\ 4$")
    ['3', '4']
    """
    text = without_figures(question)
    if not _MAY_LIST.search(text):
        return []
    labels = list(_labels(text))
    anywhere = {run[0].start: run for run in _runs(labels)}
    in_lines = {run[0].start: run for run in _runs([label for label in labels if label.starts_line])}
    for start, run in anywhere.items():  # `A. 1`, `B. 2  C. 3` and `D. 4` in three lines
        if start in in_lines and len(run) > len(in_lines[start]) and run[-1].starts_line:
            in_lines[start] = run
    # A line that starts with A begins another list; within a line `both (A) and (B)` belongs to an option, so there the longest counts.
    last_first = sorted(in_lines.values(), key=lambda run: -run[0].start)
    longest_first = sorted(anywhere.values(), key=lambda run: (-len(run), -run[0].start))
    for runs, is_in_lines in ((last_first, True), (longest_first, False)):
        for run in runs[:_MAX_TRIES]:
            if texts := _texts(run, text, is_in_lines):
                return _without_image(texts)
    return []


def _without_image(options: list[str]) -> list[str]:
    """The options without the place of an image that only the last of them ends with: it stands behind the list.

    >>> _without_image(["3", "4\\n<image>"]), _without_image(["<image>", "<image>"])
    (['3', '4'], ['<image>', '<image>'])
    """
    last = _IMAGE_AT_END.sub("", options[-1])
    return [*options[:-1], last] if last.strip() and not any("<image" in option for option in options[:-1]) else options


def without_figures(text: str) -> str:
    """The text without `[asy]` figures, which are full of words and letters that nobody asks about.

    >>> without_figures("Find x. [asy]draw(x);[/asy] Now.")
    'Find x.  Now.'
    """
    head, *figures = text.split("[asy]")
    return head + "".join(figure.partition("[/asy]")[2] for figure in figures)


def _labels(text: str) -> Iterator[_Label]:
    """Everything in the text that may be a label."""
    end = 0
    for match in _LABEL.finditer(text):
        letter = match["enclosed"] or match["letter"]
        sign = (match["sign"] or "").translate(_HALF_WIDTH)
        is_bare = not sign and "{" in match["wrap"] and bool(match["closed"]) and letter.isupper()
        if match["formula"] and match["letter"] and not is_bare:
            continue  # `pile $A.$`
        before = text[max(end, match.start() - _NEAR) : match.start()]
        if (match["enclosed"] or sign or is_bare) and (match["line"] is not None or _fits(match, before)):
            end = _SPACING.match(text, match.end()).end()  # type: ignore[union-attr]
            style = (bool(match["enclosed"]), "" if match["enclosed"] else sign, letter.islower())
            yield _Label(match.start(), end, ord(letter.upper()) - ord("A"), style, match["line"] is not None)


def _fits(match: re.Match[str], before: str) -> bool:
    """Whether what is within a line may be a label there: `f(A)`, `U.S.A.`, `100 B.C.`, `[a, b)` and `AB．` are none."""
    if match["enclosed"] and ("\\" in match["wrap"] or "（" in match[0] or _OPENS.search(before)):
        return True
    if match["sign"] == "．" and match["letter"] != "A":
        return not before[-1:].isupper()
    if match["letter"] and match[0][-1] == "." and _ABBREVIATES.match(match.string, match.end()):
        return False
    if match["letter"] and match[0][-1] in ")）" and before.count("(") > before.count(")"):
        return False
    return bool(_MAY_FOLLOW.search(before))


def _runs(labels: Sequence[_Label]) -> list[list[_Label]]:
    """From every A the labels B, C, ... of the same style, each the first behind the one before; of two or more."""
    runs: list[list[_Label]] = []
    behind: dict[tuple[Style, int], list[_Label]] = {}
    for label in reversed(labels):
        run = [label, *behind.get((label.style, label.number + 1), ())]
        behind[label.style, label.number] = run
        if label.number == 0 and len(run) > 1:
            runs.append(run)
    return runs


def _texts(run: Sequence[_Label], text: str, in_lines: bool) -> list[str]:
    """The texts behind the labels; [] where they are no list of options."""
    ends = [*(label.start for label in run[1:]), len(text)]
    *raw, last = (text[label.end : end] for label, end in zip(run, ends, strict=True))
    is_spread = any(_BLANK_LINE.search(option.strip()) for option in raw)
    if any(map(_JOINS.search, raw)) or (not in_lines and (is_spread or _is_prose(text[: run[0].start], [*raw, last]))):
        return []
    last = last if is_spread else _ASKED_BEHIND.sub(".", _LIST_END.split(last, maxsplit=1)[0])
    texts = [_bare(option, _SPACE if in_lines else _SPACE + ",;，；") for option in (*raw, last)]
    if not all(texts) or (run[0].style[2] and any(map(_ASKS.search, texts))):
        return []
    return texts if len(run) >= _needed(run[0], text, texts, raw, in_lines) else []


def _is_prose(stem: str, raw: Sequence[str]) -> bool:
    """Whether the letters within a line are those of a sentence or a formula, or all follow the same word: `Bank A: ... Bank B: ...`."""
    if any(map(_GOES_ON.match, raw)):
        return True
    words = [_LAST_WORD.search(part[-_NEAR:]) for part in (stem, *raw[:-1])]
    first, *others = (match[0].strip() if match else "" for match in words)
    return bool(first) and any(word == first != option.strip() for word, option in zip(others, raw, strict=False))


def _needed(first: _Label, text: str, texts: Sequence[str], raw: Sequence[str], in_lines: bool) -> int:
    """How many options make a list in this style at this place."""
    enclosed, sign, is_lower = first.style
    if is_lower and not in_lines and not enclosed:
        return len(texts) + 1
    if is_lower and text[: first.start].rstrip()[-1:] == "{":
        return 2  # `{(a) open (b) closed}`
    if is_lower or not (enclosed or sign):
        return 3
    if in_lines or enclosed or ")" in sign:
        return 2
    stem = text[max(first.start - _NEAR, 0) : first.start]
    if not any(map(_IS_CAPITALISED.match, texts)) and not (sign == ":" and _ENDS_WORD.search(stem)):
        return 2
    if _ENDS_STEM.search(stem):
        return 2
    if _ENDS_SENTENCE.search(stem):
        return 3
    return len(texts) + 1 if any(option.rstrip().endswith(",") for option in raw) else 4


def _bare(option: str, separators: str) -> str:
    r"""An option without what parts it from the next, and without the brace or dollar that was opened in front of its label."""
    text = option.strip(_SPACE)
    for _ in range(_MAX_SEPARATORS):
        bare = _SEPARATOR.sub("", text.rstrip(separators))
        if bare.endswith("}") and bare.count("}") > bare.count("{"):
            bare = bare[:-1]
        if bare.endswith("$") and (bare.count("$") - bare.count("\\$")) % 2:
            bare = bare[:-1]
        if bare.endswith("**") and bare.count("**") % 2:
            bare = bare[:-2]
        for opening, closing in ((r"\[", r"\]"), (r"\(", r"\)")):
            bare = bare.removesuffix(closing) if opening not in bare else bare
        if bare == text:
            break
        text = bare
    return text
