"""A real `vllm serve` on loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from curation.sampling.engines.vllm_on_cpu import options_on_cpu


@contextmanager
def vllm_serve(model: Path, name: str, *options: str) -> Iterator[str]:
    """The address of a server of `model` under `name`, which ends with the context."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("vllm")), "serve", str(model), "--served-model-name", name]
    command += ["--host", "127.0.0.1", "--port", str(port), "--max-num-seqs", "16", *options]
    if on_cpu := options_on_cpu("auto"):
        command += ["--dtype", on_cpu["dtype"], "--enforce-eager", "--no-enable-chunked-prefill"]
    environment = {name: value for name, value in os.environ.items() if name != "VLLM_ENABLE_V1_MULTIPROCESSING"}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait_until_it_answers(process, f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", url: str) -> None:
    while True:
        assert process.poll() is None, "vllm serve ended while starting"
        try:
            urlopen(url, timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.5)
