"""Work on its way to another machine: pickled, with the modules of plugins that have to be there before it is unpickled."""

import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.core.errors import BuildError, first_line
from curation.core.parquet import whole_file
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


def read_parcel(file: Path) -> Any:
    """What the build that submits a job has left for it (`write_parcel`), a moment before."""
    parcel: Parcel = pickle.loads(file.read_bytes())
    return parcel.unpack()


def write_parcel(file: Path, content: Any) -> None:
    """Leave what a job needs."""
    with whole_file(file) as opened:
        opened.write(pickle.dumps(pack(content)))


def pack(content: Any) -> Parcel:
    """Pack what a task needs.

    Raises:
        BuildError: a stage holds what cannot be sent to another process.
    """
    try:
        return Parcel(pickle.dumps(content), loaded_plugins(), tuple(sys.path))
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise BuildError(f"a stage cannot be sent to another process: {first_line(error)}") from error
