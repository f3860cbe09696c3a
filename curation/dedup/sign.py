"""The step that signs every row that passes, for the search of duplicates."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.parquet import AtomicParquetWriter, whole_file
from curation.core.row import from_document
from curation.dedup.options import Dedup
from curation.dedup.signature import beside, sign_rows, signature_schema

BATCH_ROWS = 64
SIGNATURES = "signatures"
"""In the folder of the stage that signs."""


class SignRows(PipelineStep):  # type: ignore[misc]
    """Hands the rows on and leaves one signature each in `folder/RANK.parquet`, in their order; `traces` signs the completions too."""

    type, name = "signature", "duplicates"

    def __init__(self, folder: Path, options: Dedup, traces: bool = False) -> None:
        super().__init__()
        self.folder, self.options, self.traces = folder, options, traces

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        file = self.folder / f"{rank:05d}.parquet"
        schema = signature_schema(self.options, self.traces)
        # The signatures appear last: where they are, the others are.
        with (
            AtomicParquetWriter(file, schema, row_group_rows=10_000) as writer,
            whole_file(beside(file, "words")) as words_file,
            whole_file(beside(file, "pictures")) as pictures_file,
        ):
            documents = iter(data)
            while batch := list(islice(documents, BATCH_ROWS)):
                for keys, words, pictures in sign_rows(list(map(from_document, batch)), self.options, self.traces):
                    keys.update(words_start=words_file.tell(), words_length=len(words))
                    keys.update(pictures_start=pictures_file.tell(), pictures_length=len(pictures))
                    words_file.write(words + b" ")
                    pictures_file.write(pictures)
                    writer.write(keys)
                yield from batch
        self.stat_update("rows", value=writer.n_rows)
