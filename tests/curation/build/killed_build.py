"""Builds that are there to be killed: `python -m tests.curation.build.killed_build MANIFEST OUT`.

For every line on standard input a build is forked from this process, which has imported what a build needs and runs the server of its
workers. Standard output says the number of the build's process and, when it has ended, its exit code.
"""

import multiprocessing
import os
import sys
from multiprocessing import forkserver
from pathlib import Path

from curation.core.executors.local import PRELOAD


def main(manifest: Path, out: Path) -> None:
    from curation.build.build import build

    multiprocessing.get_context("forkserver").set_forkserver_preload([*PRELOAD, "tests.curation.build.lasting_server"])
    forkserver.ensure_running()
    for _ in sys.stdin:
        process = os.fork()
        if not process:
            # It is not the parent of the server that it uses, and would start another one.
            forkserver.ensure_running.__self__.ensure_running = forkserver.ensure_running = lambda: None
            build(manifest, out)
            os._exit(0)
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
