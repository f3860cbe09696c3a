"""Mistakes in a manifest, one line each: the key, what was got, what was expected, and the name that was probably meant."""

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from curation.core.errors import nearest
from curation.core.plugins import Plugin, known_plugins


def mistakes_in(value: Any, model: type[BaseModel], error: ValidationError) -> list[str]:
    """A line for every mistake that `model` found in `value`."""
    return [_message(mistake, value, model) for mistake in error.errors()]


def _message(mistake: ErrorDetails, value: Any, model: type[BaseModel]) -> str:
    where, context, kind = _place(mistake["loc"]), mistake.get("ctx", {}), mistake["type"]
    if kind == "extra_forbidden":
        *outer, key = mistake["loc"]
        message = _unknown(str(key), _options_model(model, value, outer))
        return f"{_place(tuple(outer))}: {message}".removeprefix(": ")
    if kind == "unknown_kind":
        return f"{where}: {mistake['msg']}"
    if kind == "value_error":
        return f"{where}: {context['error']}".removeprefix(": ")
    got = "" if kind == "missing" else f", got {mistake['input']!r}"[:200]
    return f"{where}: {mistake['msg']}{got}"


def _place(parts: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")


def _unknown(key: str, model: type[BaseModel] | None) -> str:
    """What is wrong with a key that the model does not have."""
    if model is None:
        return f"unknown option {key!r}"
    if new := getattr(model, "renamed", {}).get(key):
        return f"option {key!r} is called {new!r} now"
    known = [name for name in model.model_fields if name != "kind"]
    return f"unknown option {key!r}" + (nearest(key, known) or f"; known: {', '.join(known) or 'none'}")


def _options_model(annotation: Any, value: Any, parts: list[str | int]) -> type[BaseModel] | None:
    """The model that validates what is at `parts` in `value`, None where that cannot be said."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _options_model(arguments[0], value, parts)
    if origin in (Union, UnionType):
        return next(filter(None, (_options_model(argument, value, parts) for argument in arguments)), None)
    if isinstance(annotation, type) and issubclass(annotation, Plugin) and isinstance(value, Mapping):
        annotation = known_plugins(annotation).get(str(value.get("kind")), annotation)
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    if not parts:
        return annotation if is_model else None
    part, *rest = parts
    if is_model:
        field = annotation.model_fields.get(str(part))
        inner = field.annotation if field else None
    else:
        inner = arguments[-1 if origin is dict else 0] if arguments else None
    try:
        return _options_model(inner, value[part], rest)
    except (KeyError, IndexError, TypeError):  # a place that only the validator knows, as a member of a union
        return None
