"""verifiers' load_environment over an installed export, and three rollouts scored through its own machinery with a scripted model: right,
wrong, and a gold that nobody can judge.

    python of_verifiers.py PACKAGE > rows.jsonl
"""

import asyncio
import base64
import importlib
import json
import os
import sys
import threading
import types
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import verifiers.v1 as vf
from common import GOLD, pixels, say
from verifiers.v1.runtimes import ProgramResult

PACKAGE = importlib.import_module(sys.argv[1])
os.environ["SCRIPTED_API_KEY"] = "none"
SEEN = []


class Model(BaseHTTPRequestHandler):
    """Answers every request with `reply`."""

    reply = ""

    def do_POST(self):
        SEEN.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": Model.reply}}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Post(vf.Harness[vf.HarnessConfig]):
    """One request with the task's messages; the package's own harness does so in a program that uv runs."""

    APPENDS_SYSTEM_PROMPT, EXECUTES_CODE, NEEDS_CONTAINER = True, False, False

    async def launch(self, ctx, trace, runtime, endpoint, secret, mcp_urls, data):
        system, prompt = self.resolve_prompt(data)
        messages = [message.model_dump(exclude_none=True) for message in prompt]
        messages = ([{"role": "system", "content": system}] if system else []) + messages
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.post(
                f"{endpoint.rstrip('/')}/chat/completions",
                json={"model": ctx.model, "messages": messages},
                headers={"authorization": f"Bearer {secret}"},
            )
        answer.raise_for_status()
        return ProgramResult(0, "", "")


module = types.ModuleType("scripted_post")
module.Post, module.__all__ = Post, ["Post"]
sys.modules["scripted_post"] = module


def as_parts(content):
    if isinstance(content, str):
        return [["text", content]]
    return [
        ["text", part.text]
        if part.type == "text"
        else ["image", pixels(base64.b64decode(part.image_url.url.partition(",")[2]))]
        for part in content
    ]


splits = sorted(path.stem for path in PACKAGE.taskset.ROWS.glob("*.parquet"))
for split in splits:
    for task in PACKAGE.load_environment(split).taskset:
        system = [["system", [["text", task.data.system_prompt]]]] if task.data.system_prompt else []
        messages = [*system, *([one.role, as_parts(one.content)] for one in task.data.prompt)]
        say("rl", split, task.data.id, messages, {name: getattr(task.data, name) for name in GOLD})


async def rollout(env, task, reply):
    Model.reply = reply
    client = vf.EvalClientConfig(base_url=f"http://127.0.0.1:{server.server_port}/v1", api_key_var="SCRIPTED_API_KEY")
    context = vf.ModelContext(model="scripted", client=client, sampling=vf.SamplingConfig())
    async with env.serving():
        (slot,) = env.slots(task)
        episode = await env.run_slot(slot, context)
    assert episode.traces, episode.errors
    (trace,) = episode.traces
    return trace


server = HTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
config = vf.SingleAgentEnvConfig(
    taskset=PACKAGE.taskset.OvrConfig(id=PACKAGE.__name__, split=splits[0]),
    agent=vf.AgentConfig(harness=vf.HarnessConfig(id="scripted_post"), runtime=vf.SubprocessConfig()),
)
env = vf.load_environment(config)
task = next((one for one in env.taskset if not isinstance(one.data.prompt[-1].content, str)), next(iter(env.taskset)))
right = asyncio.run(rollout(env, task, rf"So it is \boxed{{{task.data.answer}}}."))
wrong = asyncio.run(rollout(env, task, r"So it is \boxed{nothing of the kind}."))
nobody = asyncio.run(rollout(env, task.with_data(answer="?", answer_kind="math", answer_options="{}"), r"\boxed{1}"))
assert right.ok, right.errors
assert (right.reward, right.info["outcome"]) == (1.0, "correct"), right
assert wrong.ok, wrong.errors
assert (wrong.reward, wrong.info["outcome"]) == (0.0, "wrong"), wrong
assert not nobody.ok
assert "cannot judge" in nobody.errors[-1].message, nobody.errors
sent = SEEN[0]["messages"][-1]["content"]
assert isinstance(sent, str) or any(part["type"] == "image_url" for part in sent) == any(
    part.type == "image_url" for part in task.data.prompt[-1].content
)
