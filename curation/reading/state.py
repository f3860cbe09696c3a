"""What a report holds, as JSON: to be kept in a file between the reading of a part and the putting together of all."""

from array import array
from base64 import b64decode, b64encode
from collections import Counter
from typing import Any, TypeVar

T = TypeVar("T")
_PLAIN = (str, int, dict)


def state_of(held: Any) -> Any:
    """The attributes of an object and of those in it; arrays as base64.

    >>> state_of([Counter(a=2), array("B", [1])])
    [Counter({'a': 2}), 'AQ==']
    """
    if isinstance(held, array):
        return b64encode(held.tobytes()).decode()
    if isinstance(held, list | tuple):
        return [state_of(one) for one in held]
    return held if isinstance(held, _PLAIN) else {name: state_of(value) for name, value in vars(held).items()}


def loaded(state: Any, empty: T) -> T:
    """The object that has this state; `empty` is a new one of its kind."""
    for name, value in vars(empty).items():
        setattr(empty, name, _value(state[name], value))
    return empty


def _value(state: Any, empty: Any) -> Any:
    """What an attribute holds, of the kind that it has in a new object."""
    if isinstance(empty, array):
        return array(empty.typecode, b64decode(state))
    if isinstance(empty, list) and empty:
        return [_value(one, of) for one, of in zip(state, empty, strict=True)]
    if isinstance(empty, list):
        return [tuple(one) for one in state]
    if isinstance(empty, Counter):
        return Counter(state)
    return state if isinstance(empty, _PLAIN) else loaded(state, empty)
