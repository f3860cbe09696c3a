"""The manifest lock as a mapping: what names a build, and what of it a stranger may read.

build_name(lock)      # the same wherever the inputs were: their digests are in the lock
public_lock(lock)     # without the folders of the machine that built
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from curation.core.stage_run import digest_of

PLACES = ("path", "root", "model", "lora", "certificate")
"""Options that say where something is. No byte of a set depends on them: the digests of what is there are among the inputs."""
WRITTEN = "places"
"""In the lock: a place of this machine -> how the manifest writes it, with its variables, relative to its folder."""


def build_name(lock: dict[str, Any]) -> str:
    """32 hex digits that name a build: a digest of its lock without the places."""
    return digest_of(_at_places({key: value for key, value in lock.items() if key != WRITTEN}, lambda key, place: ""))


def public_lock(lock: dict[str, Any]) -> dict[str, Any]:
    """The lock with places as the manifest wrote them: `$OVR_REAL_DATA/x.jsonl`, `data/x.jsonl`. Of an absolute one the last part is left,
    which is then looked for beside the lock. Its name (`build_name`) stays.
    """
    written = dict(lock.get(WRITTEN) or {})

    def public(key: str, place: str) -> str:
        text = str(written.get(place, place))
        if not Path(text).is_absolute() and not text.startswith("~"):
            return text
        return "" if key == "root" else Path(text).name

    return {key: _at_places(value, public) for key, value in lock.items() if key != WRITTEN}


def _at_places(value: Any, change: Callable[[str, str], str], key: str = "") -> Any:
    """A copy in which each text under one of the `PLACES` is what `change(key, text)` makes of it."""
    if isinstance(value, dict):
        return {name: _at_places(item, change, str(name)) for name, item in value.items()}
    if isinstance(value, list):
        return [_at_places(item, change, key) for item in value]
    return change(key, value) if isinstance(value, str) and key in PLACES else value
