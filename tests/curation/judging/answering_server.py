"""The faulty server with a will of its own: `reply` says what it answers to a prompt, or by which fault of `_Handler` it fails."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.curation.sampling.faulty_server import FaultyServer, _Handler, completion

Reply = Callable[[str, int], str]


class AnsweringServer(FaultyServer):
    """`reply(prompt, how often it was asked before)` is a text, or `!fault`."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply
        self.RequestHandlerClass = _AnsweringHandler


class _AnsweringHandler(_Handler):
    server: AnsweringServer

    def _complete(self, body: dict[str, Any]) -> None:
        content = body["messages"][-1]["content"]
        prompt = content if isinstance(content, str) else next(p["text"] for p in reversed(content) if "text" in p)
        with self.server.lock:
            asked = self.server.asked[prompt, body["seed"]]
            asked.append(time.monotonic())
        text = self.server.reply(prompt, len(asked) - 1)
        if text.startswith("!"):
            getattr(self, text[1:])(body)
            return
        with self.server.lock:
            self.server.answered[prompt, body["seed"]] += 1
        answer = completion("", body)
        for choice in answer["choices"]:
            choice["message"]["content"] = text
        if text.startswith("cut:"):
            answer = json.loads(json.dumps(answer).replace('"stop"', '"length"'))
        self._send(200, json.dumps(answer))


@contextmanager
def answering_server(reply: Reply) -> Iterator[AnsweringServer]:
    server = AnsweringServer(reply)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
