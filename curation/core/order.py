"""The order in which rows are chosen where not all can be: as good as random, and no matter which others there are."""

from hashlib import blake2b


def choice_key(purpose: str, seed: int, row_id: str) -> int:
    """What a row is chosen by, 64 bits: the smallest first. The same in every build of one seed, and another for every purpose."""
    return int.from_bytes(blake2b(f"{purpose}:{seed}:{row_id}".encode(), digest_size=8).digest())
