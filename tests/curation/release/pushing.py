"""Clients of the loopback Hub, each a process with a home of its own: what they read of the environment, they read when they are imported."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.curation.release.hub.server import TOKEN, LoopbackHub

PATHS = {"xet": "0", "lfs": "1"}
"""Upload path -> HF_HUB_DISABLE_XET."""


def environment(hub: LoopbackHub, home: Path, way: str = "lfs", token: str = TOKEN) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    home.mkdir(parents=True, exist_ok=True)
    ours = {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": PATHS[way],
        "HF_XET_LOG_DEST": str(home / "xet.log"),
    }
    return kept | ours | ({"HF_TOKEN": token} if token else {}) | {"HF_HUB_DISABLE_TELEMETRY": "1"}


def start_push(
    hub: LoopbackHub, build: Path, home: Path, *options: str, way: str = "lfs", token: str = TOKEN
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "curation.cli", "push", str(build), *(options or ("tester/set",))]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, env=environment(hub, home, way, token), **pipes)  # type: ignore[call-overload, no-any-return]


def push(
    hub: LoopbackHub, build: Path, home: Path, *options: str, way: str = "lfs", token: str = TOKEN
) -> tuple[int, str]:
    """Exit code and what was printed."""
    process = start_push(hub, build, home, *options, way=way, token=token)
    out, _ = process.communicate(timeout=120)
    return process.returncode, out


def run_python(hub: LoopbackHub, home: Path, code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, env=environment(hub, home, "lfs"), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


MANY = """
import json, sys
from tenacity import wait_exponential_jitter
from curation.cli import main
from curation.release.push import retries
retries._backoff = wait_exponential_jitter(initial=0.1, max=1, jitter=0.05)  # it begins at a second
for arguments in json.loads(sys.argv[1]):
    print("@@", main(["push", *arguments]), flush=True)
"""


def push_many(hub: LoopbackHub, home: Path, pushes: Sequence[Sequence[str]], way: str = "lfs") -> list[tuple[int, str]]:
    """Several pushes in one process, which starts faster: exit code and what was printed of each."""
    command = [sys.executable, "-c", MANY, json.dumps([[str(one) for one in push] for push in pushes])]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run(command, env=environment(hub, home, way), timeout=200, **pipes)  # type: ignore[call-overload]
    parts = re.split(r"^@@ (\d)\n", done.stdout, flags=re.MULTILINE)
    told = [(int(code), text) for text, code in zip(parts[:-1:2], parts[1::2], strict=True)]
    assert len(told) == len(pushes), done.stdout
    return told


def files_with_token(folder: Path) -> list[Path]:
    """Files in which the token is written."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path for path in files if TOKEN.encode() in path.read_bytes()]
