"""The folder of a build while it is pushed: no build may begin in it, and what has to be made for the release is written to `DIR/release`.

A folder that cannot be written to, where no lock is possible, is pushed without one; what has to be made goes to a temporary folder.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from curation.core.errors import PushError, of_the_disk
from curation.core.folder_lock import LOCK, FolderLock
from curation.release.dataset import Dataset
from curation.release.public import FOLDER


@contextmanager
def held(dataset: Dataset) -> Iterator[Path]:
    """Hold the folder of a build; gives the folder to write to. What is no build has no lock.

    Raises:
        BuildError: a build, or another push, is running in the folder.
        PushError: a file cannot be read or written; a build has taken over the folder of a push that stood still.
    """
    lock = FolderLock(dataset.path)
    with ExitStack() as stack:
        try:
            if not _is_writable(dataset.path):
                yield Path(stack.enter_context(TemporaryDirectory(prefix="ovr-push-"))) / FOLDER
                return
            if dataset.is_build:
                stack.enter_context(lock)
            yield dataset.path / FOLDER
        except OSError as error:
            raise PushError(of_the_disk(error, dataset.path)) from error
        except KeyboardInterrupt:
            if lock.is_lost:
                raise PushError(
                    f"{dataset.path}: this push stood still, and a build has taken its folder over; push again when it is done"
                ) from None
            raise


def _is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder, and its lock, which may be another user's, be taken."""
    lock = folder / LOCK
    return os.access(folder, os.W_OK) and (not lock.exists() or os.access(lock, os.R_OK | os.W_OK))
