"""What happens to a whole row: id, provenance, options, language, trace; and the step."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from datatrove.data import Document
from hypothesis import given
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from pydantic import ValidationError

from curation.core.ledger import LedgerWriter, ledger_lines
from curation.core.row import Row, make_row, row_id, to_document
from curation.normalise import Normalise, normalise_row
from curation.normalise.language import LANGUAGES, contradicts, identify
from curation.normalise.step import ChangeRows, normalise_text
from curation.normalise.word_by_word import WordByWord
from rewards import Gold, judge, read_gold

DEFAULTS = Normalise()


def row(question: str, **fields: object) -> Row:
    return make_row(source="test", source_id="0", question=question, **{"language": "en", **fields})  # type: ignore[arg-type]


def test_a_wrapped_row_gets_the_id_of_the_bare_one_and_a_note() -> None:
    wrapped = normalise_row(row("What is 1 + 1? Let's think step by step."), DEFAULTS)
    assert wrapped.question == "What is 1 + 1?"
    assert wrapped.id == row_id("What is 1 + 1?")
    assert wrapped.provenance == (("normalise", "instruction removed"),)


def test_a_clean_row_is_the_same_object() -> None:
    clean = row("What is $1 + 1$?", completion="<think>2</think>\n\n\\boxed{2}")
    assert normalise_row(clean, DEFAULTS) is clean


def test_spaces_alone_do_not_change_the_id() -> None:
    before = row("What is\u00a0one?")
    after = normalise_row(before, DEFAULTS)
    assert (after.question, after.id) == ("What is one?", before.id)


@pytest.mark.parametrize(
    ("question", "answer", "kind", "expected"),
    [
        ("How many?\n(A) 3 (B) 4 (C) 5", "B", "choice", ("choice", "B", ["3", "4", "5"])),
        ("How many?\n(A) 3 (B) 4 (C) 5", "5", "math", ("choice", "C", ["3", "4", "5"])),
        (r"$\textbf{(A)}\ \text{ 3}\qquad\textbf{(B)}\ 4\qquad\textbf{(C)}\ 5$", "3", "math", ("choice", "A", [r"\text{ 3}", "4", "5"])),
        ("Which?\n(a) $x$\n(b) $y$\n(c) $z$", "C", "choice", ("choice", "C", ["$x$", "$y$", "$z$"])),
        ("How many?\n(A) 3 (B) 4 (C) 5", "7", "math", ("math", "7", None)),
        ("How many?\n(A) 3 (B) 4 (C) 5", "D", "choice", ("choice", "D", None)),
        ("Find x.\n(a) $x > 0$,\n(b) $x < 9$,\n(c) $x$ is even.", "2", "math", ("math", "2", None)),
        ("Points A. and B. are 3 apart. [asy]label(\"A\"); label(\"B\"); label(\"C\");[/asy]", "3", "math", ("math", "3", None)),
    ],
)  # fmt: skip
def test_options_in_the_question(
    question: str, answer: str, kind: str, expected: tuple[str, str, list[str] | None]
) -> None:
    after = normalise_row(row(question, answer=answer, answer_kind=kind), DEFAULTS)
    assert (after.answer_kind, after.answer, json.loads(after.answer_options).get("choices")) == expected


def test_options_that_the_row_has_stay() -> None:
    before = row("How many?\n(A) 3 (B) 4 (C) 5", answer="A", answer_kind="choice", answer_options={"choices": ["x"]})
    assert normalise_row(before, DEFAULTS) is before


INSTRUCTION = r" Let's think step by step and output the final answer within \boxed{}."


@pytest.mark.parametrize("options", ["\nA) 3\nB) 4\nC) 5", " (A) 3 (B) 4 (C) 5"])
def test_an_instruction_is_no_part_of_the_last_option(options: str) -> None:
    question = f"How many?{options}{INSTRUCTION}"
    gold = read_gold("C", {"question": question})
    assert isinstance(gold, Gold)
    read = row(question, answer=gold.answer, answer_kind=gold.answer_kind, answer_options=json.loads(gold.options))
    after = normalise_row(read, DEFAULTS)
    assert json.loads(after.answer_options) == {"choices": ["3", "4", "5"]}
    assert after.provenance == (("normalise", "instruction removed; options re-read"),)
    assert judge(after.answer, r"\boxed{5}", after.answer_kind, json.loads(after.answer_options)).outcome == "correct"


STYLES = ["{}. {}", "{}) {}", "({}) {}", "**{})** {}", r"$\textbf{{({})}}\ {}$", "- {}. {}", "{}．{}", "（{}）{}"]


@pytest.mark.slow
@given(
    st.lists(st.from_regex(r"[1-9a-z][0-9a-z +=]{0,9}[0-9a-z]", fullmatch=True), min_size=3, max_size=6, unique=True),
    st.sampled_from(STYLES),
    st.sampled_from(["", INSTRUCTION, "\n" + INSTRUCTION, "\n\nAnswer with a letter."]),
)
def test_options_of_any_style_are_final_once_normalised(texts: list[str], style: str, instruction: str) -> None:
    lines = [style.format(letter, text) for letter, text in zip("ABCDEF", texts, strict=False)]
    before = row("Which is it?\n" + "\n".join(lines) + instruction, answer="B", answer_kind="choice")
    after = normalise_row(before, DEFAULTS)
    assert json.loads(after.answer_options) == {"choices": texts}
    assert normalise_row(after, DEFAULTS) is after


def test_options_that_were_not_read_from_the_question_stay_as_it_changes() -> None:
    before = row(
        f"How many?\nA) 3\nB) 4{INSTRUCTION}",
        answer="A",
        answer_kind="choice",
        answer_options={"choices": ["3", "four"]},
    )
    assert json.loads(normalise_row(before, DEFAULTS).answer_options) == {"choices": ["3", "four"]}


SENTENCES = {
    "ar": "أوجد قيمة المجهول في المعادلة التالية",
    "de": "Wie groß ist der Winkel zwischen den beiden Geraden in der folgenden Abbildung?",
    "el": "Βρείτε τον μικρότερο θετικό ακέραιο",
    "en": "How many of the whole numbers below a hundred are divisible by three?",
    "es": "¿Cuál es el número de maneras de elegir tres libros de una estantería?",
    "fr": "Quelle est la valeur de $x$ dans le triangle rectangle dont les côtés mesurent 3 et 4 ?",
    "hi": "समीकरण को हल करें",
    "id": "Berapa banyak bilangan bulat positif yang kurang dari seratus?",
    "it": "Quanti sono i numeri primi minori di cento che finiscono per tre?",
    "ja": "次の方程式を解きなさい。",
    "ko": "다음 방정식을 풀어라.",
    "nl": "Hoeveel gehele getallen kleiner dan honderd zijn deelbaar door drie?",
    "pl": "Ile jest liczb pierwszych mniejszych od stu, które kończą się na trzy?",
    "pt": "Quantos números inteiros positivos menores que cem são divisíveis por três?",
    "ru": "Найдите наименьшее натуральное число, которое делится на все числа",
    "sv": "Hur många positiva heltal mindre än hundra är delbara med tre?",
    "th": "จงหาค่าของ",
    "tr": "Bir üçgenin kenar uzunlukları verilmiştir, bu üçgenin alanı kaçtır?",
    "uk": "Знайдіть найменше натуральне число, яке ділиться на всі числа",
    "vi": "Tìm số nguyên dương nhỏ nhất chia hết cho tất cả các số từ một đến mười",
    "zh": "已知三角形ABC中，角A等于60度，求边长BC。",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_languages(language: str) -> None:
    assert identify(SENTENCES[language]) == language
    assert not contradicts(language, SENTENCES[language])


def test_a_language_is_that_of_the_library() -> None:
    ours, theirs = WordByWord.of_languages(LANGUAGES), LanguageIdentifier.from_model_file(MODEL_FILE)
    theirs.set_languages(LANGUAGES)
    for text in [*SENTENCES.values(), *SENTENCES.values(), "", "  ", "a  b\0c", " ".join(SENTENCES.values())]:
        assert ours.classify(text) == theirs.classify(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("$x = 1$", "und"), (r"Compute \[\sum_{k=1}^n k.\]", "en"), ("3, 1, 4", "und"), ("求 $x$。", "zh"), ("", "und")],
)
def test_short_questions(text: str, expected: str) -> None:
    assert identify(text) == expected


@pytest.mark.parametrize(
    ("stated", "text", "expected"),
    [
        ("en", SENTENCES["zh"], "zh"),
        ("zh", SENTENCES["en"], "en"),
        ("de", SENTENCES["en"], "de"),
        ("en", "Find the angle 角 $A$.", "en"),
        ("en", r"Angles α, β, γ and δ sum to?", "en"),
        ("zh", "$x = abc + def + ghi$", "zh"),
        ("", SENTENCES["fr"], "fr"),
    ],
)
def test_a_stated_language_gives_way_to_the_script_alone(stated: str, text: str, expected: str) -> None:
    assert normalise_row(row(text, language=stated), DEFAULTS).language == expected


def test_a_trace_is_normalised_and_noted() -> None:
    after = normalise_row(row("What is 1 + 1?", completion="<Thought>hm</Thought>\n<Output>2</Output>"), DEFAULTS)
    assert after.completion == "<think>\nhm\n</think>\n\n2"
    assert after.provenance == (("normalise", "trace tags made <think>"),)


@pytest.mark.parametrize("options", [{"strip": ["(oops"]}, {"strip": ["x*"]}, {"languages": ["xx"]}, {"languages": []}])
def test_wrong_options_are_told(options: dict[str, list[str]]) -> None:
    with pytest.raises(ValidationError, match=r"got|at least"):
        Normalise.model_validate(options)


def test_the_step_drops_what_is_only_a_wrapper(tmp_path: Path) -> None:
    step = ChangeRows(partial(normalise_text, DEFAULTS), LedgerWriter(tmp_path, "rl", "02-rl-normalise", 0), "text")
    good = to_document(row("Question: What is 1 + 1? Answer:"))
    bare = to_document(replace(row("Please reason step by step."), source_id="1"))
    kept: list[Document] = list(step.run([good, bare]))
    assert [document.text for document in kept] == ["What is 1 + 1?"]
    assert [(line.source_id, line.reason) for line in ledger_lines(tmp_path)] == [("1", "question_empty")]
