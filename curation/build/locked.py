"""A manifest lock is a manifest: `ovr-curate build manifest.lock.yaml --out DIR` makes the same bytes of the same inputs.

The lock says what it expects: rows a source, the digest of each input, versions. An input that is another, or not there, ends the build
before it begins; versions that differ are said, for they may change a byte.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.core.errors import BuildError, ManifestError, SourceError
from curation.core.words import listed

PARTS = ("manifest", "limit", "inputs", "build", "versions")
Inputs = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Config -> stage or source -> name -> digest or revision."""


@dataclass(frozen=True)
class Lock:
    """What a lock says beside its manifest."""

    path: Path
    manifest: dict[str, Any]
    limit: int | None
    inputs: Inputs
    versions: Mapping[str, str]
    build: Mapping[str, str]
    """Config -> what names its rows."""

    def check_inputs(self, inputs: Inputs) -> None:
        """Make sure that a build reads what the lock was built of; `inputs` are those of the configs that it builds.

        Raises:
            SourceError: names every input that differs, is missing or was added.
        """
        lines = [
            f"{self.path}: {line}"
            for config, found in inputs.items()
            for line in _differences(config, self.inputs.get(config, {}), found)
        ]
        if lines:
            lines[-1] += "; to build with these, copy `manifest` out of the lock into a file of its own"
            raise SourceError("\n".join(lines))

    def differing_versions(self, versions: Mapping[str, str]) -> str:
        """One line that names what is installed in another version than the lock has; empty where nothing is."""
        differing = [
            f"{name} {versions.get(name, 'missing')} (lock: {version})"
            for name, version in self.versions.items()
            if versions.get(name) != version
        ]
        return (
            f"{self.path}: built with other versions, so bytes may differ: {', '.join(differing)}" if differing else ""
        )

    def other_sets(self, identities: Mapping[str, str]) -> str:
        """One line that names the configs that are not the lock's, though inputs and versions are; empty where each is."""
        others = [config for config, identity in identities.items() if self.build.get(config) != identity]
        return (
            f"{self.path}: {listed(others)} will be another set than the lock's: its manifest was edited, or --set changes it"
            if others
            else ""
        )


def is_lock(raw: Any) -> bool:
    """Whether a YAML mapping is a lock; no manifest has these keys."""
    return isinstance(raw, dict) and "manifest" in raw and "versions" in raw


def lock_of(raw: dict[str, Any], path: Path) -> Lock:
    """The lock that a file holds.

    Raises:
        ManifestError: parts of it are missing, or are none of a lock.
    """
    wrong = [name for name in PARTS if name not in raw]
    wrong += [name for name in ("manifest", "inputs", "versions", "build") if not isinstance(raw.get(name, {}), dict)]
    limit = raw.get("limit")
    if wrong or not (limit is None or isinstance(limit, int)):
        part = wrong[0] if wrong else "limit"
        raise ManifestError(f"{path}: a manifest lock without a valid {part!r}; expected one that a build wrote")
    return Lock(path, raw["manifest"], limit, raw["inputs"], raw["versions"], raw["build"])


def _differences(config: str, expected: Any, found: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for source in dict.fromkeys((*expected, *found)):
        before, now = expected.get(source, {}), found.get(source, {})
        for name in dict.fromkeys((*before, *now)):
            if before.get(name) != now.get(name):
                got, wanted = (str(one.get(name) or "nothing")[:16] for one in (now, before))
                yield f"{config}.{source}: the input {name!r} has changed: got {got}, the lock has {wanted}"


def refuse_limit(limit: int | None, lock: Lock) -> int | None:
    """The rows of every source that are read: those of the lock.

    Raises:
        BuildError: the command line asks for another number.
    """
    if limit is not None and limit != lock.limit:
        said = f"--limit {lock.limit}" if lock.limit else "no --limit"
        raise BuildError(f"--limit {limit}: {lock.path} was built with {said}; leave it out, or build its manifest")
    return lock.limit
