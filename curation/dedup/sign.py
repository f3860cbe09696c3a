"""The step that signs every row that passes, for the search of duplicates."""

import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.dedup.options import Dedup
from curation.dedup.signature import sign_question, sign_trace, signature_schema, words_file
from curation.parquet import AtomicParquetWriter, publish
from curation.row import from_document


class SignRows(PipelineStep):  # type: ignore[misc]
    """Hands the rows on and leaves one signature each in `folder/RANK.parquet`, in their order; `traces` signs the completions too."""

    type, name = "signature", "duplicates"

    def __init__(self, folder: Path, options: Dedup, traces: bool = False) -> None:
        super().__init__()
        self.folder, self.options, self.traces = folder, options, traces

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        file, at = self.folder / f"{rank:05d}.parquet", 0
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".{rank:05d}.words.{uuid.uuid4().hex[:8]}.tmp"
        schema = signature_schema(self.options, self.traces)
        try:
            with open(temporary, "wb") as texts, AtomicParquetWriter(file, schema, row_group_rows=10_000) as writer:
                for document in data:
                    row = from_document(document)
                    keys, words = sign_question(row, self.options)
                    if self.traces:
                        keys.update(sign_trace(row.completion, self.options))
                    writer.write({**keys, "start": at, "length": len(words)})
                    at += texts.write(words + b" ")
                    self.stat_update("rows")
                    yield document
                texts.flush()
                publish(temporary, words_file(file))  # before the signatures: where these are, the words are
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
