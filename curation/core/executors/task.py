"""A task on its way to another machine: pickled work, and the modules of plugins that have to be there before it is unpickled."""

import os
import pickle
import traceback
from dataclasses import dataclass
from pathlib import Path

from datatrove.executor.base import PipelineExecutor

from curation.core.parts import keep_failure
from curation.core.plugins import load_plugins, loaded_plugins


@dataclass(frozen=True)
class Parcel:
    """A pickled executor of datatrove, to be unpacked where its tasks run."""

    content: bytes
    plugins: tuple[str, ...]
    folder: Path

    def run_rank(self, rank: int) -> None:
        """Run one task in this process; of one that fails word is left in the stage's folder.

        Raises:
            what the task raised.
        """
        try:
            load_plugins(self.plugins)
            executor: PipelineExecutor = pickle.loads(self.content)
            executor._run_for_rank(rank, local_rank=1)
        except Exception as error:
            keep_failure(self.folder, rank, error)
            with _log(self.folder).open("a") as log:
                log.write(f"task {rank}, process {os.getpid()}:\n{traceback.format_exc()}\n")
            raise


def pack(executor: PipelineExecutor, folder: Path) -> Parcel:
    """Pack an executor whose tasks belong to the stage in `folder`."""
    _log(folder).parent.mkdir(parents=True, exist_ok=True)
    return Parcel(pickle.dumps(executor), loaded_plugins(), folder)


def _log(folder: Path) -> Path:
    return folder / "logs" / "workers.log"
