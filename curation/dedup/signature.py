"""What a row leaves behind for the search of duplicates: a few keys in a Parquet file, and its words in a file beside it."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curation.core.row import Row
from curation.dedup.images import BANDS_BYTES, sign_images
from curation.dedup.minhash import Words, band_keys, hashes_of_each
from curation.dedup.options import Dedup
from curation.dedup.reading import facts_of, read_question
from curation.text.places import without_places

_TAG = re.compile(rb"<[|/]{0,2}[A-Za-z_]{3,}\|?>")
_TRACE_NUMBERS = bytes(c if chr(c) in "0123456789.+-*/^=<>" else 32 for c in range(256))
_TRACE_WORDS = bytes(c if c > 127 else ord(chr(c).lower()) if chr(c).isalnum() else 32 for c in range(256))


def signature_schema(options: Dedup, traces: bool) -> pa.Schema:
    """Keys are 64-bit hashes, bands 32-bit ones side by side; what is compared at last is in a file beside, from `start`."""
    bands = pa.binary(4 * options.bands)
    columns = [("exact", pa.uint64()), ("facts", pa.uint64()), ("bands", bands)]
    columns += [("words_start", pa.uint64()), ("words_length", pa.uint32())]
    columns += [("pictures", pa.uint64()), ("n_pictures", pa.uint64()), ("picture_bands", pa.binary(BANDS_BYTES))]
    columns += [("pictures_start", pa.uint64()), ("pictures_length", pa.uint32())]
    if traces:
        columns += [("trace_exact", pa.uint64()), ("trace_numbers", pa.uint64()), ("trace_bands", bands)]
    return pa.schema(columns)


Signed = tuple[dict[str, Any], bytes, bytes]
"""The keys of a row; its words and its images' hashes for the last comparison."""


def sign_rows(rows: Sequence[Row], options: Dedup, traces: bool) -> list[Signed]:
    """The signatures of some rows, of their traces too."""
    signed = [_sign_question(row, options) for row in rows]
    _set_bands(signed, "bands", hashes_of_each([words for _, words, _ in signed]), options)
    if traces:
        texts = [_TAG.sub(b" ", row.completion.encode()) for row in rows]
        hashes = hashes_of_each([text.translate(_TRACE_WORDS) for text in texts])
        for (keys, _, _), text, of_text in zip(signed, texts, hashes, strict=True):
            keys["trace_exact"] = key64([of_text.tobytes()])
            keys["trace_numbers"] = key64([trace_numbers(text)])
        _set_bands(signed, "trace_bands", hashes, options)
    return signed


def _sign_question(row: Row, options: Dedup) -> Signed:
    tokens = read_question(without_places(row.prompt[0].content))
    for message in row.prompt[1:]:
        tokens += [f"#<{message.role}>", *read_question(without_places(message.content))]
    words = " ".join(tokens).encode()
    digests, image_bands, hashes = sign_images(row.images, options.near and options.pictures)
    keys = {
        "exact": key64([words]),
        "facts": key64([" ".join(facts_of(tokens)).encode()]),
        "pictures": key64(digests),
        "n_pictures": len(digests),
        "picture_bands": image_bands,
    }
    return keys, words, hashes


def _set_bands(signed: list[Signed], name: str, hashes: list[Words], options: Dedup) -> None:
    each = band_keys(hashes, options) if options.near else np.zeros((len(signed), options.bands), np.uint32)
    for (keys, _, _), bands in zip(signed, each, strict=True):
        keys[name] = bands.tobytes()


def trace_numbers(text: bytes) -> bytes:
    """The numbers and signs of a trace in their order, with their spaces.

    >>> trace_numbers(b"so 3 - 4 = -1.5, and 12 34 apples")
    b'3 - 4 = -1.5 12 34'
    """
    numbers = np.frombuffer(text.translate(_TRACE_NUMBERS), dtype=np.uint8)
    in_number = numbers != ord(" ")
    kept = in_number.copy()
    kept[1:] |= in_number[:-1]  # the first space after each
    return bytes(numbers[kept]).rstrip()


def key64(parts: Iterable[bytes]) -> int:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part)
    return int.from_bytes(digest.digest(), "little")


def beside(signatures: Path, what: str) -> Path:
    """The file of `words` or `pictures` beside a signature file."""
    return signatures.with_suffix(f".{what}")
