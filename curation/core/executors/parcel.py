"""Work on its way to another machine: pickled, with the modules of plugins that have to be there before it is unpickled."""

import pickle
import sys
from dataclasses import dataclass
from typing import Any

from curation.core.plugins import load_plugins, loaded_plugins


@dataclass(frozen=True)
class Parcel:
    """Something pickled, to be unpacked in another process."""

    content: bytes
    plugins: tuple[str, ...]
    path: tuple[str, ...]

    def unpack(self) -> Any:
        """What was packed; the modules of plugins are found where they were."""
        sys.path += [place for place in self.path if place not in sys.path]
        load_plugins(self.plugins)
        return pickle.loads(self.content)


def pack(content: Any) -> Parcel:
    """Pack what a task needs."""
    return Parcel(pickle.dumps(content), loaded_plugins(), tuple(sys.path))
