"""How often a task was tried before: what runs out of memory gets smaller batches the next time.

    for batch in chunks(questions, smaller(256)):     # 256, then 128, then 64

What a stage leaves must not depend on it.
"""

_before = 0


def begin(before: int) -> None:
    """Say how often the task of this process was tried before."""
    global _before
    _before = before


def smaller(size: int) -> int:
    """The size of a batch: halved for every time that the task was tried before.

    >>> begin(2)
    >>> smaller(256), smaller(3)
    (64, 1)
    >>> begin(0)
    """
    return max(1, size >> _before)


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that it was raised from, says that memory ran out: Python's, Arrow's or torch's.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(ValueError("7"))
    (True, False)
    """
    if error is None:
        return False
    is_one = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return is_one or is_out_of_memory(error.__cause__)
