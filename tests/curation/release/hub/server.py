"""The loopback Hub: HTTP, one thread a connection, in the process of the test; its clients are processes of their own.

with LoopbackHub(folder) as hub:
    hub.faults.append(Fault("POST .*/commit/", status=429, retry_after=1))
    ... HF_ENDPOINT=hub.endpoint
    hub.sent, hub.log
"""

import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.curation.release.hub.routes import ROUTES, Answer, Request
from tests.curation.release.hub.storage import RefusedError, Repo

TOKEN = "hf_loopbackSecretOfTheTests"


@dataclass
class Fault:
    """What goes wrong with the next requests that `match`, "METHOD path", finds: a status, a connection that is `drop`ped before anything is
    done, an answer that is `lost` after it, or what `then` does first, such as a commit by somebody else."""

    match: str
    times: int = 1
    status: int = 0
    retry_after: int | None = None
    drop: bool = False
    lose: bool = False
    then: Callable[["LoopbackHub"], None] | None = None


class LoopbackHub:
    """`log` has every request, `sent` counts how often the bytes of each large file came in, by SHA-256."""

    def __init__(self, folder: Path, owner: str = "tester") -> None:
        self.folder, self.owner = folder, owner
        self.repos: dict[str, Repo] = {}
        self.faults: list[Fault] = []
        self.log: list[str] = []
        self.sent: Counter[str] = Counter()
        self.page_size = 1_000
        self.lock = threading.RLock()

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def create(self, name: str, private: bool = False) -> Repo:
        repo = self.repos[name] = Repo(name, self.folder / name.replace("/", "+"), private)
        repo.commit(
            "main", {".gitattributes": repo.put(b"*.parquet filter=lfs diff=lfs merge=lfs -text\n")}, "initial commit"
        )
        return repo

    def commits(self, name: str) -> list[str]:
        """The messages of main, the last first."""
        repo, found = self.repos[name], []
        at = repo.branches["main"]
        while at:
            at, _, message = repo.commits[at]
            found.append(message)
        return found


class _Handler(BaseHTTPRequestHandler):
    hub: ClassVar[LoopbackHub]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _handle(self) -> None:
        url = urlsplit(self.path)
        what = f"{self.command} {url.path}"
        self.hub.log.append(what)
        body = self._body()
        lose = False
        with self.hub.lock:
            fault = next((one for one in self.hub.faults if one.times and re.search(one.match, what)), None)
            if fault:
                fault.times -= 1
        if fault:
            if fault.then:
                fault.then(self.hub)
            if fault.drop:
                return self._hang_up()
            if fault.status:
                headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
                return self._answer(Answer(fault.status, {"error": "injected"}, headers))
            lose = fault.lose
        try:
            answer = self._route(url.path, parse_qs(url.query), body)
        except RefusedError as error:
            headers = {"X-Error-Code": error.code, "X-Error-Message": error.message}
            answer = Answer(error.status, {"error": error.message}, headers)
        return self._hang_up() if lose else self._answer(answer)

    def _route(self, path: str, query: dict[str, list[str]], body: bytes) -> Answer:
        authorized = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        host = f"http://{self.headers['Host']}"
        for method, pattern, route in ROUTES:
            if re.fullmatch(method, self.command) and (match := re.fullmatch(pattern, path)):
                given = {name: unquote(value or "") for name, value in match.groupdict().items()}
                request = Request(self.hub, given, query, body, authorized, host, dict(self.headers))
                return route(request)
        raise RefusedError(404, "EntryNotFound", f"no route {self.command} {path}")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, answer: Answer) -> None:
        content = answer.content if isinstance(answer.content, bytes) else json.dumps(answer.content).encode()
        self.send_response(answer.status)
        kind = "application/octet-stream" if isinstance(answer.content, bytes) else "application/json"
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **answer.headers}.items():
            self.send_header(name, value)
        with suppress(ConnectionError):  # a client that was killed
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


for _method in ("GET", "HEAD", "POST", "PUT"):
    setattr(_Handler, f"do_{_method}", _Handler._handle)
