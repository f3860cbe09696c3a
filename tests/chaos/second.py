"""Tries to take a build's folder, as a second build does: `python -m tests.chaos.second OUT`."""

import sys
from pathlib import Path

from curation.core.errors import BuildError
from curation.core.folder_lock import FolderLock

if __name__ == "__main__":
    try:
        with FolderLock(Path(sys.argv[1])):
            print("free")
    except BuildError as error:
        print(error)
