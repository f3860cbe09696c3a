"""How long the samples of the set's rows are: of every response in the rollout store the row, its tokens and whether it was cut off.

Where `rl.triage` had rows sampled with other images, or none, those samples count too: they are draws of the same model for the row.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.release.dataset import Dataset
from curation.release.report.columns import batches

SETTING = ("model", "revision", "template_hash")
COLUMNS = ["prompt_id", *SETTING, "finish_reason", "n_tokens", "prompt_tokens"]


class Lengths(NamedTuple):
    """An entry for every response: the number of its row among those of the shards, in order. 13 bytes each."""

    row: npt.NDArray[np.int32]
    tokens: npt.NDArray[np.int32]
    prompt_tokens: npt.NDArray[np.int32]
    is_cut: npt.NDArray[np.bool_]
    models: list[str]


def sampled_responses(dataset: Dataset) -> Lengths | None:
    """The responses by the samplers that measured the set; None where the store is not there, or holds none of them."""
    segments = sorted((dataset.path / "rollouts").glob("*.parquet"))
    ids, samplers = _rows(dataset) if segments else (pa.array([], pa.string()), set())
    if not samplers:
        return None
    parts: list[tuple[npt.NDArray[np.generic], ...]] = []
    for segment in segments:
        with pq.ParquetFile(segment) as file:
            for batch in file.iter_batches(batch_size=200_000, columns=COLUMNS):
                names = pc.binary_join_element_wise(*(batch[name].cast(pa.string()) for name in SETTING), "\n")
                row = pc.index_in(batch["prompt_id"], value_set=ids)
                wanted = pc.and_(pc.is_in(names, value_set=pa.array(sorted(samplers))), pc.is_valid(row))
                lines = batch.filter(wanted)
                numbers = [
                    row.filter(wanted),
                    lines["n_tokens"],
                    lines["prompt_tokens"],
                    pc.equal(lines["finish_reason"], "length"),
                ]
                parts.append(tuple(one.to_numpy(zero_copy_only=False) for one in numbers))
    if not sum(len(part[0]) for part in parts):
        return None
    row, tokens, prompt_tokens, is_cut = (np.concatenate(column) for column in zip(*parts, strict=True))
    models = sorted({name.partition("\n")[0] for name in samplers})
    return Lengths(
        row.astype(np.int32), tokens.astype(np.int32), prompt_tokens.astype(np.int32), is_cut.astype(bool), models
    )


def _rows(dataset: Dataset) -> tuple[pa.Array, set[str]]:
    """The ids of the shards' rows in order, and the settings that measured any."""
    ids, samplers = [], set[str]()
    for batch in batches(dataset, "rl", ["id", "difficulty.sampler"]):
        ids.append(batch["id"])
        if "difficulty" in batch.schema.names and batch["difficulty"].null_count < len(batch):
            sampler = pc.struct_field(batch["difficulty"].drop_null(), "sampler")
            texts = pc.binary_join_element_wise(*(pc.struct_field(sampler, name) for name in SETTING), "\n")
            samplers |= set(pc.unique(texts).to_pylist())
    return pa.chunked_array(ids, pa.string()).combine_chunks(), samplers - {None}
