"""Exports of a finished build: time, size and memory, the rows against the shards', and against the trainers' own loaders.

    OVR_TRAINERS=venvs python tests/benchmarks/exports.py [build/quickstart/curated [build/quickstart/models/base]]

Rows and images of an export, read by its layout, are compared with the messages and images that the sampler would send for each row of the
shards. `OVR_TRAINERS` is a folder of virtual environments (docs/export.md); without it no loader is asked.
"""

import base64
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from curation.core.row import Message
from curation.release.dataset import open_dataset
from curation.release.export.export import exporter_of
from curation.release.shards import split_of_shard
from curation.sampling.engines.base import Request
from curation.sampling.engines.conversation import served_conversation
from tests.curation.release.export.loaded import Row, by_layout, differences, part_of, through_loader, trainers
from tests.curation.release.export.read_back import READERS

MEASURED = """
import resource, sys
from pathlib import Path
from curation.release.export.export import export
export(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def main(build: Path, model: Path) -> None:
    if not build.is_dir():
        print(f"{build}: no such build; say make quickstart, or name one")
        return
    installed = trainers()
    print(f"{'--to':15}{'rows':>8}{'seconds':>9}{'MB':>8}{'peak MB':>9}  {'as the shards':15}own loader")
    with tempfile.TemporaryDirectory() as folder:
        for kind in sorted(READERS):
            out, started = Path(folder) / kind, time.monotonic()
            peak = subprocess.run(
                [sys.executable, "-c", MEASURED, build, kind, out], check=True, capture_output=True, text=True
            )
            seconds = time.monotonic() - started
            size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
            found = by_layout(kind, out)
            wrong = differences(found, from_shards(build, kind))
            loaded = "not installed"
            if kind in installed:
                loaded = said(differences(through_loader(kind, installed[kind], out, model), found))
            print(
                f"{kind:15}{len(found):8}{seconds:9.1f}{size:8.1f}{int(peak.stdout.split()[-1]):9}  {said(wrong):15}{loaded}",
                flush=True,
            )


def said(wrong: list[str]) -> str:
    return f"{len(wrong)} differ, {wrong[0][:300]}" if wrong else "equal"


def from_shards(build: Path, kind: str) -> list[Row]:
    """The rows of the shards, as the sampler sends them."""
    dataset, exporter = open_dataset(build), exporter_of(kind)
    rows = []
    for config in (config for config in dataset.configs if config in exporter.configs):
        for shard in dataset.shards(config):
            for record in dataset_records(shard):
                messages = tuple(Message(**message) for message in record["prompt"])
                images = tuple(image["bytes"] for image in record.get("images") or ())
                sent = served_conversation(Request(record["id"], messages, images, (0,), seed=0))
                answer = (
                    [{"role": "assistant", "content": record["completion"][0]["content"]}]
                    if config == "cold_start"
                    else []
                )
                if kind == "llama-factory" and config == "rl":
                    answer = [{"role": "assistant", "content": rf"\boxed{{{record['answer']}}}"}]
                gold = (record["answer"], record["answer_kind"], record["answer_options"])
                seen = [[one["role"], parts(one["content"])] for one in [*sent, *answer]]
                rows.append(Row(config, split_of_shard(shard), record["id"], seen, gold))
    return rows


def dataset_records(shard: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return list(pq.read_table(shard).to_pylist())


def parts(content: Any) -> list[list[str]]:
    if isinstance(content, str):
        return [part_of(content)]
    return [
        part_of(
            part["text"] if part["type"] == "text" else base64.b64decode(part["image_url"]["url"].partition(",")[2])
        )
        for part in content
    ]


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    main(*(given + [Path("build/quickstart/curated"), Path("build/quickstart/models/base")][len(given) :]))
