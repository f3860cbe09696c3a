"""A teacher on loopback: python -m tests.curation.cold_start.teacher LOG [FAULTS]. It prints its port.

Sample by sample its answer follows from the prompt and the seed alone. `What is 3 + 4?` it solves with a chance that falls with the numbers;
`hopeless` it never solves; other first words name what it says instead. Every answer that was sent whole is a line of LOG: the prompt and
the seed. With FAULTS, each request is dropped or gets an error once in so many.
"""

import hashlib
import json
import re
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODEL = "teacher"
SENTENCES = [
    "First I add the tens.",
    "Then I add the ones.",
    "Let me check that again.",
    "Wait, that was wrong.",
    "So.",
]
HOSTILE = {
    "empty": "",
    "closing": "</think>",
    "open": "<think>It is {sum}. So \\boxed{{{sum}}}.",
    "twice": "<think>a</think>hm<think>b</think>\\boxed{{{sum}}}",
    "boxes": "<think>It is {sum} or {wrong}.</think>\\boxed{{{sum}}} and \\boxed{{{wrong}}}",
    "silent": "<think>It is {sum}.</think>",
    "bare": "It is \\boxed{{{sum}}}.",
    "swallowed": "It is {sum}.</think>So \\boxed{{{sum}}}.<|im_end|>",
    "chinese": "<think>我们把它们加起来。</think>答案是 \\boxed{{{sum}}}。",
    "hopeless": "<think>It is {wrong}.</think>\\boxed{{{wrong}}}",
}


def asked(prompt: str) -> tuple[str, int, int]:
    """The first word of the question and its two numbers."""
    found = re.search(r"(?:(\w+): )?What is (\d+) \+ (\d+)", prompt)
    assert found, prompt
    return found[1] or "", int(found[2]), int(found[3])


def answer(prompt: str, seed: int) -> tuple[str, int, str]:
    """Text, tokens and finish reason."""
    word, one, other = asked(prompt)
    draw = int.from_bytes(hashlib.sha256(f"{one} {other} {seed}".encode()).digest()[:8]) / 2**64
    said = {"sum": one + other, "wrong": one + other + 1 + seed % 7}
    if word == "long":
        return "<think>" + "and so on " * 40, 400, "length"
    if word == "huge":
        return "<think>" + "It goes on. " * 200_000 + f"</think>\\boxed{{{said['sum']}}}", 900_000, "stop"
    if word in HOSTILE:
        text = HOSTILE[word].format(**said)
        return text, max(len(text.split()), 1), "stop"
    is_right = draw < max(1 - (one + other) / 100, 0.02)
    n = 1 + int(draw * 997) % 5
    thought = " ".join(SENTENCES[(seed + i) % len(SENTENCES)] for i in range(n))
    result = said["sum" if is_right else "wrong"]
    text = f"<think>\n{one} and {other}. {thought}\n</think>\n\nIt is \\boxed{{{result}}}."
    return text, 10 + 12 * n, "stop"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Teacher"

    def do_GET(self) -> None:
        self._send(200, {"object": "list", "data": [{"id": MODEL, "owned_by": "vllm", "root": MODEL}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt, seed = body["messages"][-1]["content"], body["seed"]
        if self.server.is_faulty(prompt, seed):
            self._send(500, {"error": {"message": "out of memory"}})
            return
        time.sleep(self.server.pause_s)
        if asked(prompt)[0] == "rejected":
            self._send(400, {"error": {"message": "maximum context length is 512 tokens", "param": "messages"}})
            return
        choices, tokens = [], 0
        for k in range(body["n"]):
            text, n_tokens, reason = answer(prompt, seed + k)
            tokens += n_tokens
            thought, closed, rest = text.removeprefix("<think>").partition("</think>")
            apart = asked(prompt)[0] == "apart" and closed
            message = {"reasoning_content": thought, "content": rest} if apart else {"content": text}
            choices.append({"index": k, "message": {"role": "assistant", **message}, "finish_reason": reason})
            choices[-1]["token_ids"] = [1] * n_tokens if n_tokens < 10_000 else None
        self.server.log(prompt, seed, body["n"])
        self._send(200, {"choices": choices, "usage": {"prompt_tokens": 9, "completion_tokens": tokens}})

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


class Teacher(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, log: Path, faults: int = 0, pause_s: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.path, self.faults, self.pause_s = log, faults, pause_s
        self.seen: Counter[tuple[str, int]] = Counter()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def is_faulty(self, prompt: str, seed: int) -> bool:
        """Whether a request fails: the first time that it comes, one in `faults`."""
        with self.lock:
            self.seen[prompt, seed] += 1
            return bool(self.faults) and self.seen[prompt, seed] == 1 and seed % self.faults == 0

    def log(self, prompt: str, seed: int, n: int) -> None:
        with self.lock, self.path.open("a") as file:
            for k in range(n):
                file.write(json.dumps([prompt, seed + k]) + "\n")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about clients that have gone away."""


if __name__ == "__main__":
    server = Teacher(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    print(server.url, flush=True)
    server.serve_forever(0.02)
