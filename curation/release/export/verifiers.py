"""verifiers: a package with the rows and our reward, for `verifiers.v1` (`import verifiers.v1 as vf`).

The package holds `rewards` itself: verifiers 0.4.0 needs `openai<3` and `ovr-curate` a later one, so that one environment cannot have
both, and the verifier is then the one that measured the pass rates. Its default harness is a plain chat without tools. Where the verifier
cannot judge, the reward raises: the rollout is an error, which trainers leave out, and no 0.
"""

import json
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import pyarrow as pa

from curation import __version__
from curation.release.export.base import Exporter
from curation.release.export.bundle import bundle_rewards, requirements
from curation.release.export.folder import Folder
from curation.release.export.layouts import COLUMN_TYPES, MESSAGES, columns, every_split, held_back, sized
from curation.release.export.rows import ExportSet

ROWS = pa.schema([("messages", MESSAGES), ("images", pa.list_(pa.binary())), *COLUMN_TYPES])


class Verifiers(Exporter):
    """verifiers: an installable environment with the rows and our reward inside."""

    kind: Literal["verifiers"] = "verifiers"
    release: ClassVar[str] = "verifiers 0.4.0 (verifiers.v1)"

    def write(self, sets: list[ExportSet], folder: Folder) -> None:
        package = package_of(folder.name)
        for one, split in every_split(sets):
            folder.parquet(f"{package}/rows/{split}.parquet", ROWS, _records(one, split))
        folder.text("pyproject.toml", _pyproject(package))
        folder.text(f"{package}/__init__.py", _INIT.format(package=package))
        splits = list(next(iter(sets)).shards)
        folder.text(f"{package}/taskset.py", _TASKSET.replace("PACKAGE", package).replace("SPLIT", splits[0]))
        bundle_rewards(folder)

    def launch(self, sets: list[ExportSet], name: str) -> str:
        name, splits = package_of(name), list(sets[0].shards)
        train = f"""
```python
import {name}

environment = {name}.load_environment(split="train")  # for prime-rl: [env.taskset] id = "{name}"
```
"""
        return f"""
```sh
uv pip install .
uv run vf-eval {name} --env.taskset.split {held_back(splits)} --env.agent.runtime.type subprocess -n 20 -m MODEL
```
{train if "train" in splits else ""}
The package brings `rewards`, the verifier that measured the pass rates. Where it cannot judge, the rollout ends with an error and has no
reward: it is not 0. A rollout that ended at its limit of tokens is `truncated`, which is 0.
"""


def package_of(name: str) -> str:
    """The package of a data set; the prefix keeps a set called `datasets` from taking another package's name.

    >>> package_of("datasets"), package_of("ovr_rl")
    ('ovr_datasets', 'ovr_rl')
    """
    return name if name.startswith("ovr_") else f"ovr_{name}"


def _records(one: ExportSet, split: str) -> Iterator[tuple[dict[str, Any], int]]:
    for row in one.rows(split):
        yield sized(row, {"messages": row.messages, "images": row.images, **columns(row)})


def _pyproject(package: str) -> str:
    listed = json.dumps(["pyarrow>=17", "verifiers>=0.4.0,<0.5", *requirements()])
    return f"""[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{package.replace("_", "-")}"
version = "{__version__}"
description = "Rows with verifiable rewards, written by ovr-curate."
readme = "README.md"
requires-python = ">=3.11"
dependencies = {listed}

[tool.hatch.build.targets.wheel]
packages = ["{package}", "verifier/rewards"]
"""


_INIT = '''"""Rows with verifiable rewards as a verifiers environment."""

from {package}.taskset import Chat, OvrTaskset, load_environment

__all__ = ["Chat", "OvrTaskset", "load_environment"]
'''
_TASKSET = '''"""The rows as tasks, judged by `rewards`."""

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import verifiers.v1 as vf
from rewards import make_verifier
from verifiers.v1.harnesses.null import NullHarness

ROWS = Path(__file__).parent / "rows"
KINDS = {b"\\x89PNG": "png", b"\\xff\\xd8\\xff": "jpeg", b"RIFF": "webp"}


class OvrData(vf.TaskData):
    """One row: its prompt, and the gold."""

    answer: str
    answer_kind: str
    answer_options: str
    source: str
    pass_rate: float | None = None


class OvrTask(vf.Task[OvrData]):
    @property
    def key(self) -> str:
        return str(self.data.id)

    @vf.reward(weight=1.0)
    async def correct(self, trace: vf.Trace) -> float:
        """1.0 or 0.0.

        Raises:
            vf.TaskError: the verifier cannot judge; the rollout has no reward then.
        """
        verifier = make_verifier(self.data.answer, self.data.answer_kind, self.data.answer_options)
        verdict = await asyncio.to_thread(verifier.judge, trace.last_reply, truncated=trace.is_truncated)
        trace.info["outcome"], trace.info["extracted"] = verdict.outcome, verdict.extracted
        if verdict.reward is None:
            raise vf.TaskError(f"cannot judge ({verdict.outcome}): {verdict.detail}")
        return verdict.reward


class OvrConfig(vf.TasksetConfig):
    split: str = "SPLIT"
    """One of the files in rows/."""


class OvrTaskset(vf.Taskset[OvrTask, OvrConfig]):
    def load(self) -> Iterator[OvrTask]:
        path = ROWS / f"{self.config.split}.parquet"
        if not path.is_file():
            known = ", ".join(sorted(file.stem for file in ROWS.glob("*.parquet")))
            raise ValueError(f"unknown split {self.config.split!r}; known: {known}")
        for batch in pq.ParquetFile(path).iter_batches(64):
            for row in batch.to_pylist():
                yield OvrTask(_data(row), self.config.task)


class Chat(NullHarness):
    """The default: a plain chat, one turn, no tools."""


def load_environment(split: str = "SPLIT") -> vf.Env:
    """The environment of a split: a single agent in a plain chat, which runs no code of the model's."""
    taskset = OvrConfig(id="PACKAGE", split=split)
    agent = vf.AgentConfig(runtime=vf.SubprocessConfig())
    return vf.load_environment(vf.SingleAgentEnvConfig(taskset=taskset, agent=agent))


def _data(row: dict) -> OvrData:
    images = iter(row["images"])
    messages = [{"role": one["role"], "content": _content(one["content"], images)} for one in row["messages"]]
    system = messages.pop(0)["content"] if messages[0]["role"] == "system" else None
    gold = {name: row[name] for name in ("answer", "answer_kind", "answer_options", "source", "pass_rate")}
    return OvrData(id=row["id"], prompt=messages, system_prompt=system, **gold)


def _content(text: str, images: Iterator[bytes]) -> str | list[dict]:
    """The text, or parts where it places images."""
    first, *others = text.split("<image>")
    if not others:
        return text
    parts = [{"type": "text", "text": first}] if first else []
    for piece in others:
        parts.append({"type": "image_url", "image_url": {"url": _url(next(images))}})
        if piece:
            parts.append({"type": "text", "text": piece})
    return parts


def _url(image: bytes) -> str:
    kind = next(kind for start, kind in KINDS.items() if image.startswith(start))
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"
'''
