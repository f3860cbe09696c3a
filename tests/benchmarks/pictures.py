r"""Picture likeness on real pictures: recall and precision on planted copies, false merges, cost.

    python tests/benchmarks/pictures.py FOLDER [--evaluation decontam] [--each 100] [--sheet merged.png]

Three tables over all pictures below FOLDER (files of the same bytes count once):
- `near`: each planted copy against every other picture; and all pairs of originals that it would merge (`--sheet` draws them).
- `ImageIndex`: the pictures below `--evaluation` and 100 others are the evaluation set; copies of them are searched, and so
  are all pictures outside the set, none of which may match. A match is right where it names the original.
- cost: CPU microseconds a picture, and bytes an evaluation picture.
"""

from __future__ import annotations

import argparse
import io
import pickle
import random
import time
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path

from PIL import Image

from curation.images import decode
from curation.images.similarity import ImageHash, ImageIndex, image_hash, near

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
Change = Callable[[Image.Image, random.Random], bytes]


def png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def encoded(picture: Image.Image, dice: random.Random) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=dice.randint(30, 95))
    return out.getvalue()


def resized(picture: Image.Image, dice: random.Random) -> Image.Image:
    """By a quarter to twice, never to less than 32 pixels a side."""
    scale = max(2 ** dice.uniform(-2, 1), min(1.0, 32 / min(picture.size)))
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    return picture.resize((size[0], size[1]), dice.choice(FILTERS))


def cropped(picture: Image.Image, dice: random.Random) -> Image.Image:
    """90 % of each side, anywhere."""
    width, height = (max(1, round(0.9 * side)) for side in picture.size)
    left, upper = dice.randint(0, picture.width - width), dice.randint(0, picture.height - height)
    return picture.crop((left, upper, left + width, upper + height))


WHOLE: dict[str, Change] = {
    "re-encoded": encoded,
    "resized": lambda picture, dice: png(resized(picture, dice)),
    "resized, re-encoded": lambda picture, dice: encoded(resized(picture, dice), dice),
}
CROPPED: dict[str, Change] = {
    "cropped": lambda picture, dice: png(cropped(picture, dice)),
    "cropped, re-encoded": lambda picture, dice: encoded(cropped(picture, dice), dice),
    "cropped, resized": lambda picture, dice: png(resized(cropped(picture, dice), dice)),
    "all three": lambda picture, dice: encoded(resized(cropped(picture, dice), dice), dice),
}


def distinct(folder: Path) -> dict[str, bytes]:
    """Path -> bytes, one for each content."""
    found: dict[bytes, tuple[str, bytes]] = {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
        data = path.read_bytes()
        found.setdefault(blake2b(data).digest(), (path.relative_to(folder).as_posix(), data))
    return dict(found.values())


def merged(hashes: dict[str, ImageHash]) -> Iterator[tuple[str, str]]:
    names = list(hashes)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            if near(hashes[one], hashes[other]):
                yield one, other


def line(kind: str, planted: int, found: int, wrong: int) -> None:
    precision = found / (found + wrong) if found + wrong else 1.0
    print(f"{kind:22} {planted:8} {found / planted:8.3f} {precision:10.3f} {wrong:6}")


def measure_near(pictures: dict[str, bytes], each: int, seed: int, sheet: Path | None) -> None:
    hashes = {name: image_hash(decode(data)) for name, data in pictures.items()}
    print(f"\nnear\n{'kind':22} {'planted':>8} {'recall':>8} {'precision':>10} {'wrong':>6}")
    for kind, change in WHOLE.items():
        found = wrong = sharing = 0
        for name in random.Random(f"{seed} {kind}").sample(sorted(pictures), each):
            copy = image_hash(decode(change(decode(pictures[name]), random.Random(f"{seed} {kind} {name}"))))
            found += near(copy, hashes[name])
            sharing += any(set(a) & set(b) for a, b in zip(copy.bands(), hashes[name].bands(), strict=True))
            wrong += sum(near(copy, other) for key, other in hashes.items() if key != name)
        line(kind, each, found, wrong)
        print(f"{'':22} {sharing} share a band with their original")
    pairs = list(merged(hashes))
    print(f"{len(pairs)} of {len(hashes) * (len(hashes) - 1) // 2} pairs of different files are near:")
    for pair in pairs:
        print("  ", *pair)
    if sheet and pairs:
        draw(sheet, [[pictures[name] for name in pair] for pair in pairs])


def measure_index(pictures: dict[str, bytes], evaluation: set[str], each: int, seed: int) -> None:
    index = ImageIndex()
    for name in sorted(evaluation):
        index.add(name, pictures[name])
    began = time.process_time()
    rest = sorted(set(pictures) - evaluation)
    strangers = {name: [match.key for match in index.search(pictures[name])] for name in rest}
    spent = (time.process_time() - began) / len(rest)
    alarms = {name: keys for name, keys in strangers.items() if keys}
    print(f"\nindex of {len(index)}; {len(alarms)} of {len(rest)} pictures outside it match:")
    for name, keys in alarms.items():
        print("  ", name, *keys)
    print(
        f"{'kind':22} {'planted':>8} {'recall':>8} {'precision':>10} {'wrong':>6}   with the pictures outside as negatives"
    )
    for kind, change in {**WHOLE, **CROPPED}.items():
        found = wrong = 0
        for name in random.Random(f"{seed} {kind}").sample(sorted(evaluation), each):
            copy = change(decode(pictures[name]), random.Random(f"{seed} {kind} {name}"))
            keys = [match.key for match in index.search(copy)]
            found += name in keys
            wrong += len(keys) - (name in keys)
        line(kind, each, found, wrong + len(alarms))
    print(
        f"{spent * 1e6:.0f} us a search, decoding included; {len(pickle.dumps(index)) / len(index):.0f} bytes a picture"
    )


def measure_hash(pictures: dict[str, bytes]) -> None:
    for what, work in {"decoding": decode, "hash, decoding included": lambda data: image_hash(decode(data))}.items():
        began = time.process_time()
        for data in pictures.values():
            work(data)
        print(f"{what}: {(time.process_time() - began) / len(pictures) * 1e6:.0f} us")
    some = [image_hash(decode(data)) for data in list(pictures.values())[:40]]
    began = time.process_time()
    for one in some:
        for other in some:
            near(one, other._replace(width=one.width, height=one.height))
    print(f"near: {(time.process_time() - began) / len(some) ** 2 * 1e6:.0f} us where the shapes agree")


def draw(path: Path, rows: list[list[bytes]]) -> None:
    """A contact sheet: one pair a row."""
    sheet = Image.new("RGB", (820, 310 * len(rows)), "grey")
    for y, row in enumerate(rows):
        for x, data in enumerate(row):
            picture = decode(data)
            picture.thumbnail((400, 300))
            sheet.paste(picture, (5 + 410 * x, 5 + 310 * y))
    sheet.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--evaluation", default="decontam", help="the evaluation set: a folder below FOLDER")
    parser.add_argument(
        "--others", type=int, default=100, help="pictures of the other folders that join the evaluation set"
    )
    parser.add_argument("--each", type=int, default=100, help="planted copies of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path, help="draw the merged pairs here")
    options = parser.parse_args()
    pictures = distinct(options.folder)
    evaluation = {name for name in pictures if name.startswith(f"{options.evaluation}/")}
    evaluation |= set(random.Random(options.seed).sample(sorted(set(pictures) - evaluation), options.others))
    print(f"{len(pictures)} different pictures, {len(evaluation)} of them the evaluation set")
    measure_near(pictures, options.each, options.seed, options.sheet)
    measure_index(pictures, evaluation, options.each, options.seed)
    measure_hash(pictures)


if __name__ == "__main__":
    main()
