"""A server of chat completions that fails as its prompts tell it to, with the standard library alone.

The prompt `drop 2` is dropped twice for each seed and then answered; `drop` is never answered.
"""

import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STALL_S = 60
PROMPT_TOKENS = 9


class FaultyServer(ThreadingHTTPServer):
    """`asked`: when each (prompt, seed) came; `answered`: how often it got a whole answer; `key`: what it wants as key.

    `cards`: what it says of its models, None where it has no list. `gives_token_ids`: whether it does when it is asked to, as
    older servers of vLLM do not.
    """

    request_queue_size = 128
    """The library's 5 refuses connections that come all at once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        self.answered: Counter[tuple[str, int]] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.key = ""
        self.cards: list[dict[str, Any]] | None = None
        self.gives_token_ids = True
        self.closing = threading.Event()
        self.under_way = self.most_under_way = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about clients that have gone away."""


@contextmanager
def faulty_server() -> Iterator[FaultyServer]:
    server = FaultyServer()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyServer

    def do_GET(self) -> None:
        if self._key_is_wrong():
            return
        if self.server.cards is None:
            self._error(404, "Not Found")
        else:
            self._send(200, json.dumps({"object": "list", "data": self.server.cards}))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self._key_is_wrong():
            return
        with self.server.lock:
            self.server.bodies.append(body)
            self.server.under_way += 1
            self.server.most_under_way = max(self.server.most_under_way, self.server.under_way)
        time.sleep(0.05)  # so that requests that may overlap do
        with self.server.lock:  # before the answer, after which the client may send its next request
            self.server.under_way -= 1
        self._complete(body if self.server.gives_token_ids else body | {"return_token_ids": False})

    def _complete(self, body: dict[str, Any]) -> None:
        content = body["messages"][-1]["content"]
        prompt = content if isinstance(content, str) else content[-1]["text"]
        asked = self.server.asked[prompt, body["seed"]]
        asked.append(time.monotonic())
        fault, _, times = prompt.partition(" ")
        if hasattr(self, fault) and len(asked) <= int(times or 10**6):
            getattr(self, fault)(body)
            return
        self.server.answered[prompt, body["seed"]] += 1
        self._send(200, json.dumps(completion(prompt, body)))

    def drop(self, _: Any) -> None:
        self.close_connection = True

    def limit(self, _: Any) -> None:
        self._error(429, "slow down", {"Retry-After": "1"})

    def date(self, _: Any) -> None:
        self._error(429, "slow down", {"Retry-After": formatdate(time.time() + 2, usegmt=True)})

    def tomorrow(self, _: Any) -> None:
        self._error(429, "come back tomorrow", {"Retry-After": "86400"})

    def crash(self, _: Any) -> None:
        self._error(500, "out of memory\nat line 1")

    def page(self, _: Any) -> None:
        self._send(200, "<html>502</html>")

    def truncated(self, body: Any) -> None:
        self._send(200, json.dumps(completion("x", body))[:60])

    def cut(self, body: Any) -> None:
        whole = json.dumps(completion("x", body))
        self._send(200, whole[:60], length=len(whole))
        self.close_connection = True

    def stall(self, _: Any) -> None:
        self.server.closing.wait(STALL_S)
        self.close_connection = True

    def drip(self, _: Any) -> None:
        """A byte now and then: a gap between two bytes is never long."""
        self._send(200, "", length=1000)
        for _ in range(1000):
            if self.server.closing.wait(0.1):
                break
            self.wfile.write(b" ")

    def nothing(self, body: Any) -> None:
        self._send(200, json.dumps(completion("x", body) | {"choices": []}))

    def fewer(self, body: Any) -> None:
        answer = completion("x", body)
        self._send(200, json.dumps(answer | {"choices": answer["choices"][1:]}))

    def uncounted(self, body: Any) -> None:
        self._send(200, json.dumps(completion("x", body) | {"usage": None}))

    def null(self, body: Any) -> None:
        self._send(200, json.dumps(completion(None, body)))

    def empty(self, body: Any) -> None:
        self._send(200, json.dumps(completion("", body)))

    def spent(self, body: Any) -> None:
        """A provider that hides its reasoning, which used up all tokens; `unsaid`: the same in other words."""
        self._send(200, json.dumps(completion("", body, "length")))

    def unsaid(self, body: Any) -> None:
        self._send(200, json.dumps(completion(None, body, "length")))

    def unspent(self, body: Any) -> None:
        answer = completion("", body, "length")
        self._send(200, json.dumps(answer | {"usage": answer["usage"] | {"completion_tokens": 0}}))

    def abort(self, body: Any) -> None:
        self._send(200, json.dumps(completion("x", body, "abort")))

    def filtered(self, body: Any) -> None:
        self._send(200, json.dumps(completion("", body, "content_filter")))

    def tool(self, body: Any) -> None:
        self._send(200, json.dumps(completion("", body, "tool_calls")))

    def long(self, _: Any) -> None:
        self._error(400, "maximum context length is 512 tokens", param="messages")

    def reserve(self, body: Any) -> None:
        """vLLM 0.31: the limit has to fit behind the prompt."""
        length = self.server.cards[0]["max_model_len"] if self.server.cards else 0
        if PROMPT_TOKENS + body["max_tokens"] > length:
            told = (
                f"maximum context length is {length} tokens. However, you requested {body['max_tokens']} output tokens"
            )
            self._error(400, told, param="input_tokens")
        else:
            self._send(200, json.dumps(completion("reserve", body)))

    def unknown(self, _: Any) -> None:
        self._error(400, "seed is not supported", param="seed")

    def missing(self, _: Any) -> None:
        self._error(404, "no such model")

    def _key_is_wrong(self) -> bool:
        wrong = bool(self.server.key) and self.headers["Authorization"] != f"Bearer {self.server.key}"
        if wrong:
            self._error(401, "wrong key")
        return wrong

    def _error(
        self, status: int, message: str, headers: dict[str, str] | None = None, param: str | None = None
    ) -> None:
        self._send(status, json.dumps({"error": {"message": message, "param": param}}), headers)

    def _send(self, status: int, text: str, headers: dict[str, str] | None = None, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode()) if length is None else length))
        self.end_headers()
        self.wfile.write(text.encode())
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


def completion(text: str | None, body: dict[str, Any], finish_reason: str = "stop") -> dict[str, Any]:
    """An answer whose choice k names the prompt and the seed + k."""
    choices = [
        {
            "index": k,
            "message": {"role": "assistant", "content": f"{text} {body['seed'] + k}" if text else text},
            "finish_reason": finish_reason,
        }
        for k in range(body["n"])
    ]
    if body.get("return_token_ids"):
        for choice in choices:
            choice["token_ids"] = [1] * 4
    usage = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": 4 * body["n"], "total_tokens": 9 + 4 * body["n"]}
    return {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": choices, "usage": usage}
