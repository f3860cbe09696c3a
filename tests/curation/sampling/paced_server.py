"""A server of chat completions that takes its time and keeps a log: python paced_server.py LOG. It prints its port.

A request whose client has gone is not finished, as it is not in vLLM.
"""

import hashlib
import json
import random
import select
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    log: Path

    def do_GET(self) -> None:
        self._send({"object": "list", "data": [{"id": "paced", "owned_by": "vllm", "root": "paced"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if select.select([self.connection], [], [], random.uniform(0.2, 2.0))[0]:
            self.close_connection = True  # it has hung up
            return
        answer = hashlib.sha256(str(body["seed"]).encode()).digest()[0] % 3
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": rf"\boxed{{{answer}}}"},
            "finish_reason": "stop",
            "token_ids": [1] * (5 + body["seed"] % 9),
        }
        with self.log.open("a") as file:
            file.write(f"{time.time()} {body['seed']} 0\n")
        self._send({"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 5}})

    def _send(self, answer: dict[str, Any]) -> None:
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about clients that have gone away."""


if __name__ == "__main__":
    Handler.log = Path(sys.argv[1])
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
