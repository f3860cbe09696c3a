"""What a row leaves behind for the search of duplicates: a few keys in a Parquet file, and its words in a file beside it."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curation.core.row import Row
from curation.dedup.images import BANDS_BYTES, sign_images
from curation.dedup.minhash import Words, band_keys, word_hashes
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


def sign_question(row: Row, options: Dedup) -> tuple[dict[str, Any], bytes, bytes]:
    """The keys of a row's prompt and images; its words and its images' hashes for the last comparison."""
    tokens = read_question(without_places(row.prompt[0].content))
    for message in row.prompt[1:]:
        tokens += [f"#<{message.role}>", *read_question(without_places(message.content))]
    words = " ".join(tokens).encode()
    digests, image_bands, hashes = sign_images(row.images, options.near and options.pictures)
    keys = {
        "exact": key64([words]),
        "facts": key64([" ".join(facts_of(tokens)).encode()]),
        "bands": _bands(word_hashes(words), options),
        "pictures": key64(digests),
        "n_pictures": len(digests),
        "picture_bands": image_bands,
    }
    return keys, words, hashes


def sign_trace(completion: str, options: Dedup) -> dict[str, Any]:
    """The keys of a trace: its words alone, its numbers and signs in their order, its bands. Tags do not count."""
    text = _TAG.sub(b" ", completion.encode())
    hashes = word_hashes(text.translate(_TRACE_WORDS))
    return {
        "trace_exact": key64([hashes.tobytes()]),
        "trace_numbers": key64([trace_numbers(text)]),
        "trace_bands": _bands(hashes, options),
    }


def _bands(hashes: Words, options: Dedup) -> bytes:
    return band_keys(hashes, options).tobytes() if options.near else bytes(4 * options.bands)


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
