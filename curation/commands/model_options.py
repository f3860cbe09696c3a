"""Every option of a model as a manifest's reference shows it: name, type with limits, default, text. Read from the JSON schema."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel

LIMITS = {
    "minimum": ">= {}",
    "exclusiveMinimum": "> {}",
    "maximum": "<= {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "minItems": "at least {}",
    "minProperties": "at least {}",
    "pattern": "matches {}",
}
"""Keyword of JSON schema -> how it is shown beside a type."""
Schema = dict[str, Any]
REQUIRED = "required"


class Option(NamedTuple):
    """One option as it is shown. `default` is YAML, "required", or empty where the options of a nested model have their own."""

    name: str
    type: str
    default: str
    text: str
    model: str = ""
    """The class of the options that it holds, where their own are shown elsewhere."""
    kinds: frozenset[str] = frozenset()
    """What its `kind` may be."""

    @property
    def outermost(self) -> str:
        """The field of the model that it is, or is in."""
        return re.split(r"[.\[]", self.name)[0]

    @property
    def heading(self) -> str:
        """Name, type and default in a line."""
        default = (
            f" = {self.default}" if self.default not in ("", REQUIRED) else f", {self.default}" * bool(self.default)
        )
        return f"{self.name}: {self.type}{default}"


def first_paragraph(thing: object) -> list[str]:
    """That of the docstring of a class or module, in one line; empty where there is none."""
    text = (getattr(thing, "__doc__", None) or "").strip().partition("\n\n")[0]
    return [" ".join(text.split())] if text else []


def options_of(model: type[BaseModel], apart: Collection[str] = ()) -> Iterator[Option]:
    """Every option of a model but its `kind`; those of a nested one follow it, as `outer.inner`, `outer[].inner` or `outer.*.inner`,
    unless its class is named in `apart`.
    """
    schema = model.model_json_schema()
    return _options(schema, schema.get("$defs", {}), apart)


def lines_of(options: Iterable[Option]) -> Iterator[str]:
    """Options for a terminal, the text of each below it."""
    for option in options:
        yield option.heading
        if option.text:
            yield f"    {option.text}"


def as_yaml(value: Any) -> str:
    """A value in one line, as a manifest would have it; text of several lines in JSON's way, which YAML reads too."""
    if isinstance(value, str) and "\n" in value:
        return json.dumps(value, ensure_ascii=False)
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**6)
    return text.removesuffix("\n").removesuffix("\n...")


def _options(schema: Schema, models: dict[str, Schema], apart: Collection[str], outer: str = "") -> Iterator[Option]:
    for name, option in schema.get("properties", {}).items():
        if name == "kind" and "const" in option:
            continue
        model, path = _nested(option, models, outer + name)
        inner = models.get(model, {})
        default = as_yaml(option.get("default", {}))
        if name in schema.get("required", []):
            default = REQUIRED
        elif (inner and "$ref" in option) or ("oneOf" in option and "default" not in option):
            default = ""
        text = option.get("description") or inner.get("description", "").partition("\n\n")[0]
        kinds = frozenset(
            (option.get("discriminator") or option.get("items", {}).get("discriminator", {})).get("mapping", ())
        )
        is_apart = model in apart
        yield Option(
            outer + name, _type(option, models), default, " ".join(text.split()), model if is_apart else "", kinds
        )
        if inner and not is_apart:
            yield from _options(inner, models, apart, f"{path}.")


def _nested(option: Schema, models: dict[str, Schema], path: str) -> tuple[str, str]:
    """The class of the options that an option holds (alone, or null, in a list, in a mapping) or "", and the place of its options."""
    while "$ref" not in option:
        inner = option.get("items"), option.get("additionalProperties")
        if found := next((choice for choice in option.get("anyOf", []) if "$ref" in choice), None):
            option = found
        elif found := next((value for value in inner if isinstance(value, dict)), None):
            option, path = found, f"{path}[]" if inner[0] else f"{path}.*"
        else:
            return "", path
    model = option["$ref"].rpartition("/")[2]
    return (model if "properties" in models[model] else ""), path


def _type(schema: Schema, models: dict[str, Schema]) -> str:
    """A type of JSON schema in words."""
    limits = ", ".join(text.format(schema[key]) for key, text in LIMITS.items() if key in schema)
    return f"{_bare_type(schema, models)}{f' ({limits})' if limits else ''}"


def _bare_type(schema: Schema, models: dict[str, Schema]) -> str:
    if "$ref" in schema:
        inner = models[schema["$ref"].rpartition("/")[2]]
        return _type(inner, models) if "properties" not in inner else "options"
    if "oneOf" in schema:
        return "options by kind"
    if "enum" in schema:
        return " | ".join(str(value) or "''" for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " | ".join(_type(choice, models) for choice in schema["anyOf"])
    if schema.get("type") == "array":
        items = schema.get("items") or schema.get("prefixItems", [{}])[0]
        return f"list of {_type(items, models)}"
    if schema.get("type") == "object":
        values, keys = schema.get("additionalProperties"), schema.get("propertyNames")
        what = f"mapping from {_type(keys, models)}" if keys else "mapping"
        return f"{what} to {_type(values, models)}" if isinstance(values, dict) else what
    name = str(schema.get("type", "anything"))
    return {"string": "text", "boolean": "true | false"}.get(name, name)
