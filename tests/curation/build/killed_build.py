"""Builds that are there to be killed: `python -m tests.curation.build.killed_build`.

For every line on standard input, a JSON list of the words behind `ovr-curate`, a build is forked from this process, which has imported what a
build needs and runs the server of its workers. Standard output says the number of the build's process and, when it has ended, its exit code.
"""

import json
import multiprocessing
import os
import signal
import sys
from multiprocessing import forkserver

from curation.core.executors.local import PRELOAD


def main() -> None:
    import curation.build.build
    import curation.release.finish
    from curation.cli import main as ovr_curate

    curation.release.finish.finish = lambda folder: []  # the documents about a set, which take as long as a small set
    multiprocessing.get_context("forkserver").set_forkserver_preload([*PRELOAD, "tests.curation.build.lasting_server"])
    forkserver.ensure_running()
    for words in sys.stdin:
        process = os.fork()
        if not process:
            # It is not the parent of the server that it uses, and would start another one.
            forkserver.ensure_running.__self__.ensure_running = forkserver.ensure_running = lambda: None
            signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            code = ovr_curate(json.loads(words))
            sys.stderr.flush()
            os._exit(code)
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
