"""Plants contamination: takes evaluation questions and pictures and hides them the way that data sets do, by a fixed seed."""

import io
import random
import re
from collections.abc import Callable

from PIL import Image

from curation.decontamination.text import is_number, question_words, template_words

SYNONYMS = {
    "find": "determine", "compute": "work out", "determine": "find", "calculate": "work out", "evaluate": "compute", "let": "suppose",
    "what": "which", "value": "result", "number": "amount", "positive": "greater than zero", "integer": "whole number",
    "integers": "whole numbers", "largest": "greatest", "greatest": "largest", "smallest": "least", "sum": "total", "given": "provided",
    "figure": "picture", "diagram": "drawing", "shown": "displayed", "length": "extent", "distance": "separation", "area": "surface",
    "equal": "identical", "each": "every", "every": "each", "many": "numerous", "people": "persons", "total": "sum", "denote": "stand for",
    "denotes": "stands for", "contains": "holds", "satisfies": "fulfils", "satisfy": "fulfil", "such": "so", "below": "underneath",
    "side": "edge", "sides": "edges", "circle": "round", "point": "spot", "points": "spots", "line": "straight line", "which": "that",
    "has": "possesses", "have": "possess", "if": "when", "express": "write", "answer": "solution", "simplify": "reduce", "solve": "work out",
    "probability": "chance", "different": "distinct", "distinct": "different", "choose": "pick", "chosen": "picked", "ways": "manners",
}  # fmt: skip
"""Word -> what an author who wants another wording might write."""

TRANSLATIONS = {
    "Find": "Halle", "What is": "¿Cuál es", "How many": "Wie viele", "Compute": "Berechne", "Determine": "Determina", "Evaluate": "计算",
    "Simplify": "Vereinfache", "Solve": "Résous", "Express your answer": "Gib die Antwort", "Let": "Sei", "Suppose": "Supongamos",
    "If": "Wenn", "Given": "Étant donné", "in simplest form": "en su forma más simple", "as a common fraction": "als gekürzten Bruch",
    "Which": "Quel", "Enter your answer": "Escribe la respuesta", "in the figure": "in der Abbildung", "As shown": "如图所示", "Round": "Runde",
    "the value of": "den Wert von", "the following": "los siguientes", "Write": "Schreibe", "is equal to": "est égal à",
}  # fmt: skip
"""Phrases of instruction, in another language."""


def renumbered(question: str, chance: random.Random) -> str:
    """Every number replaced by another of as many digits."""

    def other(found: re.Match[str]) -> str:
        digits = found[0]
        low, high = 10 ** (len(digits) - 1) + (len(digits) == 1), 10 ** len(digits) - 1
        return str(
            chance.choice([n for n in {chance.randint(low, high) for _ in range(9)} if str(n) != digits] or [low + 1])
        )

    return re.sub(r"\d{1,15}", other, question)


def reworded(question: str, chance: random.Random) -> str:
    """Every word that has a synonym replaced by it."""
    return _replaced(question, {rf"\b{word}\b": synonym for word, synonym in SYNONYMS.items()})


def translated(question: str, chance: random.Random) -> str:
    """The phrases of instruction in other languages."""
    return _replaced(question, {rf"\b{re.escape(phrase)}\b": other for phrase, other in TRANSLATIONS.items()})


def _replaced(text: str, pairs: dict[str, str]) -> str:
    """All at once, so that no replacement is replaced; LaTeX commands stay."""
    table = list(pairs.items())
    pattern = "|".join(f"((?<!\\\\){pattern})" for pattern, _ in table)
    return re.sub(pattern, lambda found: table[(found.lastindex or 1) - 1][1], text, flags=re.IGNORECASE)


def re_encoded(picture: Image.Image, chance: random.Random) -> bytes:
    return _saved(picture, "JPEG", quality=chance.choice([40, 60, 80]))


def resized(picture: Image.Image, chance: random.Random) -> bytes:
    scale = chance.choice([0.5, 0.7, 1.4])
    size = max(round(picture.width * scale), 28), max(round(picture.height * scale), 28)
    return _saved(picture.resize(size, Image.Resampling.BICUBIC), "PNG")


def cropped(picture: Image.Image, chance: random.Random) -> bytes:
    """90 % of the width and of the height, from anywhere."""
    width, height = round(picture.width * 0.9), round(picture.height * 0.9)
    x, y = chance.randint(0, picture.width - width), chance.randint(0, picture.height - height)
    return _saved(picture.crop((x, y, x + width, y + height)), "PNG")


def _saved(picture: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, kind, **options)
    return out.getvalue()


TEXT_KINDS: dict[str, Callable[[str, random.Random], str]] = {
    "renumbered": renumbered,
    "synonyms": reworded,
    "translated": translated,
}
PICTURE_KINDS: dict[str, Callable[[Image.Image, random.Random], bytes]] = {
    "re-encoded": re_encoded,
    "resized": resized,
    "cropped": cropped,
}


def eligible(question: str) -> bool:
    """Whether a question says enough to be known again: eight words that are no numbers, and a number."""
    words = question_words(question)
    return len(template_words(words)) >= 8 and any(map(is_number, words))
