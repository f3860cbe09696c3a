"""NeMo Gym: a resources server with our reward inside, and its rows as Responses requests in JSON Lines, images as data URLs.

The folder goes into `resources_servers/` of a checkout; the server runs in a virtual environment of its own there. Rows name their agent.
"""

import base64
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from curation.core.row import PLACE
from curation.release.export.base import Exporter
from curation.release.export.bundle import IMPORT, bundle_rewards, requirements
from curation.release.export.folder import Folder
from curation.release.export.images import kind_of
from curation.release.export.layouts import columns, every_split, held_back
from curation.release.export.rows import ExportRow, ExportSet


class NemoGym(Exporter):
    """NeMo Gym: a resources server with our reward, and the rows as Responses requests."""

    kind: Literal["nemo-gym"] = "nemo-gym"
    release: ClassVar[str] = "NeMo Gym 0.5.0"

    def write(self, sets: list[ExportSet], folder: Folder) -> None:
        name = server_of(folder.name)
        for one, split in every_split(sets):
            folder.json_lines(f"{name}/data/{split}.jsonl", _records(one, split, name))
        splits = list(next(iter(sets)).shards)
        folder.text(f"{name}/app.py", _APP.replace("IMPORT", IMPORT))
        folder.text(f"{name}/configs/{name}.yaml", _config(name, splits))
        folder.text(f"{name}/requirements.txt", "\n".join(["-e nemo-gym[dev] @ ../../", *requirements(), ""]))
        bundle_rewards(folder, f"{name}/")

    def launch(self, sets: list[ExportSet], name: str) -> str:
        server, split = server_of(name), held_back(sets[0].shards)
        return f"""
```sh
cp -r {server} PATH/TO/Gym/resources_servers/ && cd PATH/TO/Gym
gym env start --resources-server {server} --model-type vllm_model
gym eval run --no-serve --agent {server}_simple_agent \\
  --input resources_servers/{server}/data/{split}.jsonl --output rollouts.jsonl
```

The server brings `rewards`, the verifier that measured the pass rates. A reward must be a number there: where it cannot judge, the reward
is 0 and the response has `cannot_judge: 1.0`, which is among the metrics.
"""


def server_of(name: str) -> str:
    """The server of a data set."""
    return name if name.startswith("ovr_") else f"ovr_{name}"


def _records(one: ExportSet, split: str, server: str) -> Iterator[dict[str, Any]]:
    agent = {"type": "responses_api_agents", "name": f"{server}_simple_agent"}
    for row in one.rows(split):
        yield {"responses_create_params": {"input": _input(row)}, **columns(row), "agent_ref": agent}


def _input(row: ExportRow) -> list[dict[str, Any]]:
    """The prompt as a Responses request has it."""
    images = iter(row.images)
    return [{"role": one["role"], "content": _content(one["content"], images)} for one in row.messages]


def _content(text: str, images: Iterator[bytes]) -> str | list[dict[str, str]]:
    first, *others = text.split(PLACE)
    if not others:
        return text
    parts = [{"type": "input_text", "text": first}] if first else []
    for piece in others:
        image = next(images)
        url = f"data:image/{kind_of(image)};base64,{base64.b64encode(image).decode()}"
        parts.append({"type": "input_image", "image_url": url, "detail": "auto"})
        if piece:
            parts.append({"type": "input_text", "text": piece})
    return parts


def _config(name: str, splits: list[str]) -> str:
    types = {"train": "train"}
    listed = "".join(
        f"      - name: {split}\n        type: {types.get(split, 'validation')}\n"
        f"        jsonl_fpath: resources_servers/{name}/data/{split}.jsonl\n        license: TBD\n"
        for split in splits
    )
    return f"""{name}:
  resources_servers:
    {name}:
      entrypoint: app.py
      domain: other
      description: Rows with verifiable rewards, written by ovr-curate
      verified: false
{name}_simple_agent:
  responses_api_agents:
    simple_agent:
      entrypoint: app.py
      max_steps: 1
      resources_server:
        type: resources_servers
        name: {name}
      model_server:
        type: responses_api_models
        name: policy_model
      datasets:
{listed}"""


_APP = '''"""A resources server that judges with `rewards`, which is beside this file."""

import asyncio
from typing import Optional

IMPORT
from nemo_gym.base_resources_server import (
    BaseResourcesServerConfig,
    BaseVerifyRequest,
    BaseVerifyResponse,
    SimpleResourcesServer,
)
from rewards import make_verifier  # noqa: E402


class OvrConfig(BaseResourcesServerConfig):
    pass


class OvrVerifyRequest(BaseVerifyRequest):
    id: str = ""
    answer: str
    answer_kind: str = "math"
    answer_options: str = "{}"


class OvrVerifyResponse(BaseVerifyResponse):
    outcome: str
    extracted: Optional[str] = None
    cannot_judge: float = 0.0


class OvrResourcesServer(SimpleResourcesServer):
    config: OvrConfig

    async def verify(self, body: OvrVerifyRequest) -> OvrVerifyResponse:
        verifier = make_verifier(body.answer, body.answer_kind, body.answer_options)
        details = getattr(body.response, "incomplete_details", None)
        cut = details is not None and details.reason == "max_output_tokens"
        verdict = await asyncio.to_thread(verifier.judge, body.response.output_text or "", truncated=cut)
        return OvrVerifyResponse(
            **body.model_dump(),
            reward=verdict.reward or 0.0,
            outcome=verdict.outcome,
            extracted=verdict.extracted,
            cannot_judge=float(verdict.reward is None),
        )


if __name__ == "__main__":
    OvrResourcesServer.run_webserver()
'''
