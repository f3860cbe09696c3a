"""NeMo Gym's request models over every row of an export, its config's data sets, and the resources server's verdicts.

NeMo Gym is on no package index: its environment has a checkout on its path.
"""

import asyncio
import base64
import json
import sys

import yaml
from common import EXPORT, GOLD, pixels, say
from nemo_gym.config_types import DatasetConfig
from nemo_gym.openai_utils import NeMoGymResponse
from nemo_gym.server_utils import ServerClient

(SERVER,) = (path.parent for path in EXPORT.glob("*/app.py"))
sys.path.insert(0, str(SERVER))

import app  # noqa: E402


def response(text, reason=None):
    content = [{"type": "output_text", "text": text, "annotations": []}]
    output = [{"id": "1", "type": "message", "role": "assistant", "status": "completed", "content": content}]
    return NeMoGymResponse(
        id="1", created_at=0.0, model="m", object="response", output=output, parallel_tool_calls=True, tool_choice="auto", tools=[],
        incomplete_details={"reason": reason} if reason else None,
    )  # fmt: skip


def as_parts(content):
    if isinstance(content, str):
        return [["text", content]]
    return [
        ["text", part["text"]]
        if part["type"] == "input_text"
        else ["image", pixels(base64.b64decode(part["image_url"].partition(",")[2]))]
        for part in content
    ]


(CONFIG,) = SERVER.glob("configs/*.yaml")
agent = yaml.safe_load(CONFIG.read_text())[f"{SERVER.name}_simple_agent"]["responses_api_agents"]["simple_agent"]
for data in map(DatasetConfig.model_validate, agent["datasets"]):
    path = EXPORT / data.jsonl_fpath.removeprefix("resources_servers/")
    for line in path.open(encoding="utf-8"):
        row = json.loads(line)
        request = app.OvrVerifyRequest(**row, response=response(rf"\boxed{{{row['answer']}}}"))
        sent = request.model_dump(mode="json")["responses_create_params"]["input"]
        messages = [[one["role"], as_parts(one["content"])] for one in sent]
        say("rl", path.stem, row["id"], messages, {name: getattr(request, name) for name in GOLD})
        last = request

config = app.OvrConfig(host="127.0.0.1", port=1, entrypoint="", name="")
server = app.OvrResourcesServer(config=config, server_client=ServerClient.model_construct())
row = {**json.loads(line), "answer": "7", "answer_kind": "math", "answer_options": "{}"}
for text, reason, gold, expected in (
    (r"\boxed{7}", None, "7", (1.0, "correct", 0.0)),
    (r"\boxed{8}", None, "7", (0.0, "wrong", 0.0)),
    (r"\boxed{7}", "max_output_tokens", "7", (0.0, "truncated", 0.0)),
    (r"\boxed{7}", None, "?", (0.0, "unreadable_gold", 1.0)),
):
    done = asyncio.run(server.verify(app.OvrVerifyRequest(**{**row, "answer": gold}, response=response(text, reason))))
    assert (done.reward, done.outcome, done.cannot_judge) == expected, done
