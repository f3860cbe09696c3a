"""Reading a manifest: YAML with variables, includes and changes, or a manifest lock, validated into `build.manifest`."""

import os
import re
from collections.abc import Container, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from curation.build.locked import Lock, is_lock, lock_of
from curation.build.manifest import Manifest
from curation.build.mistakes import mistakes_in
from curation.core.errors import ManifestError, no_mapping
from curation.core.lock import PLACES
from curation.core.plugins import load_plugins, load_plugins_of


def load_manifest(path: Path, changes: Iterable[str] = ()) -> Manifest:
    """Read, change (`rl.difficulty.n=4`) and validate a manifest, or that of a manifest lock.

    Raises:
        ManifestError: what was got, what was expected, where; one line a mistake.
    """
    raw = _read(path)
    if is_lock(raw):
        return _validated(lock_of(raw, path).manifest, path, changes, _Places(path, PLACES))
    return _validated(raw, path, changes, _Places(path))


def locked_manifest(lock: Mapping[str, Any], folder: Path, changes: Iterable[str] = ()) -> Manifest:
    """The manifest of a lock that was read from a set's folder, with its places where `load_manifest` finds them. One whose variable is not
    set stays as it is written, and is not found: the rest of the manifest can be read without it.

    Raises:
        ManifestError: as `load_manifest`.
    """
    path = folder / "manifest.lock.yaml"
    return _validated(deepcopy(lock["manifest"]), path, changes, _Places(path, PLACES, needs_variables=False), folder)


def _validated(
    raw: dict[str, Any], path: Path, changes: Iterable[str], places: "_Places", dataset: Path | None = None
) -> Manifest:
    """`dataset`: the folder of a set that is read, whose own modules are not imported."""
    for change in changes:
        try:
            _apply_change(raw, change)
        except (ValueError, IndexError, yaml.YAMLError) as error:
            if isinstance(error, ManifestError):
                raise
            raise ManifestError(f"--set {change!r}: {' '.join(str(error).split())}") from error
    resolved = places.resolve(raw)
    _load_plugins(resolved, path, dataset)
    try:
        manifest = Manifest.model_validate(resolved)
    except ValidationError as error:
        raise ManifestError("\n".join(f"{path}: {line}" for line in mistakes_in(resolved, Manifest, error))) from None
    manifest._written = places.written
    return manifest


def load_lock(path: Path) -> Lock | None:
    """What the file says beside its manifest where it is a lock, None where it is a manifest.

    Raises:
        ManifestError: it cannot be read.
    """
    raw = _read(path)
    return lock_of(raw, path) if is_lock(raw) else None


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = _load_yaml(path)
    except FileNotFoundError as error:
        raise ManifestError(f"{error.filename}: no such manifest") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: cannot be read: {error}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ManifestError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict):
        raise ManifestError(f"{path}: {no_mapping(raw)}; expected a manifest: a mapping with `rl` or `cold_start`")
    return raw


def _load_plugins(raw: dict[str, Any], path: Path, dataset: Path | None) -> None:
    """Import the manifest's modules and note the folder that they may be in, for commands that read the manifest lock."""
    names = raw.get("plugins")
    if not names or not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return  # nothing to import, or a mistake that the validation names
    raw["root"] = str(raw.get("root") or path.resolve().parent)
    try:
        load_plugins_of(raw, dataset) if dataset else load_plugins(names, Path(raw["root"]))
    except ManifestError as error:
        raise ManifestError(f"{path}: plugins: {error}") from error


class _Loader(yaml.SafeLoader):
    """YAML in which a key given twice is an error (PyYAML would silently keep the last); `!include FILE` stands for what a file holds."""

    file: Path
    nested: bool

    def include(self, node: yaml.Node) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "!include expects a file name", node.start_mark)
        included = self.file.parent / str(node.value)
        if self.nested:
            raise yaml.constructor.ConstructorError(None, None, "an included file includes another", node.start_mark)
        if (found := _load_yaml(included, nested=True)) is None:
            raise yaml.constructor.ConstructorError(None, None, f"!include {node.value}: is empty", node.start_mark)
        return found

    def construct_sequence(self, node: yaml.SequenceNode, deep: bool = False) -> list[Any]:
        items = []
        for child in node.value:
            item = self.construct_object(child, deep=deep)
            items += item if child.tag == "!include" and isinstance(item, list) else [item]
        return items

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise yaml.constructor.ConstructorError(None, None, f"key {twice[0]!r} is given twice", node.start_mark)
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:bool":  # YAML 1.1 takes the key `on` for true
                key.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep)


_Loader.add_constructor("!include", _Loader.include)


def _load_yaml(path: Path, nested: bool = False) -> Any:
    loader = _Loader(path.read_text(encoding="utf-8"))
    loader.file, loader.nested = path, nested
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _apply_change(raw: dict[str, Any], change: str) -> None:
    key, equals, value = change.partition("=")
    if not equals:
        raise ManifestError(f"--set {change!r}: expected KEY=VALUE, such as rl.difficulty.n=4")
    *parents, last = re.findall(r"[^.\[\]]+", key)
    place: Any = raw
    for parent in parents:
        if isinstance(place, list):
            if not parent.isdigit() or int(parent) >= len(place):
                raise ManifestError(f"--set {change!r}: got item {parent!r} of a list of {len(place)}")
            place = place[int(parent)]
        else:
            place = place.setdefault(parent, {})
        if not isinstance(place, dict | list):
            raise ManifestError(f"--set {change!r}: {parent!r} holds {place!r}, expected a mapping or a list")
    parsed = yaml.safe_load(value)
    if isinstance(place, list):
        place[int(last)] = parsed
    else:
        place[last] = parsed


@dataclass
class _Places:
    """Fills in environment variables, of a lock in `only` those places where they are left, and makes a relative `path`, `root` or
    `certificate` relative to the folder of the manifest. `written` has, of each place that this changed, how it was written.
    """

    file: Path
    only: Container[str] | None = None
    needs_variables: bool = True
    written: dict[str, str] = field(default_factory=dict)

    def resolve(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {k: self.resolve(v, str(k)) for k, v in value.items()}
        if isinstance(value, list):
            return [self.resolve(v, key) for v in value]
        if isinstance(value, str) and key not in TEXT_KEYS and (self.only is None or key in self.only):
            return self._resolved(value, key)
        return value

    def _resolved(self, value: str, key: str) -> str:
        try:
            filled = re.sub(VARIABLE, lambda found: _variable(found, value), value)
        except ManifestError:
            if self.needs_variables:
                raise
            return value
        folder = self.file.resolve().parent
        resolved = str(folder / _at_home(filled)) if key in PATH_KEYS and filled else filled
        if key in PLACES and resolved != value:
            self.written[resolved] = value
        return resolved


PATH_KEYS = ("path", "root", "certificate")
TEXT_KEYS = ("prompt_template", "answer_pattern", "completion_pattern", "when", "strip", "template")


VARIABLE = r"\$(?:\{(?P<braced>\w+)(?::-(?P<default>[^}]*))?\}|(?P<plain>[A-Z_][A-Z0-9_]*))"


def _at_home(path: str) -> Path:
    """The path with a leading `~` replaced."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ManifestError(f"{path!r}: {error}") from error


def _variable(found: re.Match[str], value: str) -> str:
    name = found["braced"] or found["plain"]
    filled = os.environ.get(name) or found["default"]
    if filled is None:
        raise ManifestError(f"{value!r} needs the environment variable {name}, which is not set")
    return filled
