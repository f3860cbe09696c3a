"""Files that are damaged on the way."""

import random
from collections.abc import Iterator


def mutants(valid: bytes, draw: random.Random, count: int) -> Iterator[bytes]:
    """Damaged copies: bytes changed, taken out, put in, doubled, numbers blown up, the end cut off."""
    for _ in range(count):
        data = bytearray(valid)
        for _ in range(draw.choice((1, 1, 2, 5))):
            place = draw.randrange(len(data) or 1)
            match draw.randrange(7):
                case 0:
                    data[place : place + 1] = draw.randbytes(1)
                case 1:
                    del data[place : place + draw.randint(1, 30)]
                case 2:
                    data[place:place] = draw.choice([b'"', b"{", b"[", b"\n", b"\\", b"\0", b"\xff\xfe", b"\\ud800"])
                case 3:
                    data[place : place + 4] = draw.choice([b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\0"])
                case 4:
                    data[place:place] = data[place : place + draw.randint(1, 200)]
                case 5:
                    data[place] ^= 1 << draw.randrange(8)
                case _:
                    del data[place:]
        yield bytes(data)
