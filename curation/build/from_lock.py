"""`ovr-curate build manifest.lock.yaml`: a lock is a manifest, with every default, that says which inputs it was built from.

What lies elsewhere now is given by `--set rl.sources[0].path=...`. An input that is not the one that was read then ends the build before
anything runs, since other rows under the old build's name would be believed.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from curation.core.errors import BuildError

KEYS = {"manifest", "inputs", "build", "versions"}


def is_lock(raw: Any) -> bool:
    """Whether what a YAML file holds is a lock, not a manifest."""
    return isinstance(raw, dict) and raw.keys() >= KEYS


def lock_in(path: Path) -> dict[str, Any] | None:
    """The lock in a file, None where it is a manifest."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None  # reading it as a manifest says what is wrong, or knows its tags
    return raw if is_lock(raw) else None


def check_inputs(lock: Mapping[str, Any], config: str, found: Mapping[str, Mapping[str, str]]) -> None:
    """Make sure that a config's inputs are those of the lock.

    Raises:
        BuildError: every input that changed, is missing or came, with both digests.
    """
    expected = lock["inputs"].get(config, {})
    if lines := [*_differences(expected, found)]:
        raise BuildError(
            f"{config}: {len(lines)} inputs are not those of the lock: {'; '.join(lines)}; give the place of the right ones with"
            " --set, or build from the manifest"
        )


def _differences(expected: Mapping[str, Mapping[str, str]], found: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for name in dict.fromkeys([*expected, *found]):
        before, now = expected.get(name, {}), found.get(name, {})
        for file in dict.fromkeys([*before, *now]):
            if before.get(file) != now.get(file):
                yield f"{name}, {file}: expected {before.get(file, 'none')}, got {now.get(file, 'none')}"


def say_other_versions(lock: Mapping[str, Any], installed: Mapping[str, str]) -> None:
    """One line on stderr for what is installed in another version than the lock has: bytes may differ for it."""
    before = lock["versions"]
    names = [name for name in dict.fromkeys([*before, *installed]) if before.get(name) != installed.get(name)]
    if names:
        changes = ", ".join(f"{name} {before.get(name, 'none')} -> {installed.get(name, 'none')}" for name in names)
        print(f"the lock was written with other versions, and bytes may differ: {changes}", file=sys.stderr)
