"""Draw docs/puzzles.png, one puzzle of every family: python docs/puzzles.py"""

import random
import textwrap
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from curation import puzzles

SIDE, MARGIN, CAPTION, COLUMNS = 256, 24, 132, 4
LEVELS = {"balance": 5, "bar_chart": 5, "geometry": 5, "sequence": 5, "path": 5}
"""The others are shown at level 4."""
SEED = 2507


def main() -> None:
    names = puzzles.families()
    rows = -(-len(names) // COLUMNS)
    wide, high = SIDE + MARGIN, SIDE + CAPTION + MARGIN
    sheet = Image.new("RGB", (COLUMNS * wide + MARGIN, rows * high + MARGIN), "#f4f4f4")
    draw = ImageDraw.Draw(sheet)
    for place, family in enumerate(names):
        level = LEVELS.get(family, 4)
        scene = puzzles.scene(family, level, random.Random(f"{SEED}/{family}"))
        x, y = MARGIN + place % COLUMNS * wide, MARGIN + place // COLUMNS * high
        sheet.paste(puzzles.paint(scene, SIDE), (x, y))
        draw.rectangle((x - 1, y - 1, x + SIDE, y + SIDE), outline="#b0b0b0")
        _caption(draw, x, y + SIDE + 8, f"{family}, level {level}", scene)
    sheet.quantize(64).save(Path(__file__).with_suffix(".png"), optimize=True)


def _caption(draw: ImageDraw.ImageDraw, x: int, y: int, title: str, scene: puzzles.Scene) -> None:
    """The title, the question and the answer below an image."""
    title_font, font = ImageFont.load_default(15), ImageFont.load_default(13)
    draw.text((x, y), title, "#1f5fd0", title_font)
    choices = scene.answer_options.get("choices", [])
    lettered = [f"{letter}: {choice}" for letter, choice in zip("ABCDEFGH", choices, strict=False)]
    question = scene.question.removesuffix(" ".join(lettered))
    lines = textwrap.wrap(question, 40) + textwrap.wrap(
        "   ".join(choice.replace(" ", "\xa0") for choice in lettered), 40
    )
    draw.multiline_text((x, y + 22), "\n".join(lines).replace("\xa0", " "), "#222222", font, spacing=3)
    draw.text((x, y + 24 + 17 * len(lines)), f"Answer: {scene.answer}", "#2a7a2a", title_font)


if __name__ == "__main__":
    main()
