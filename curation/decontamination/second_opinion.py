"""A second opinion on paraphrases: an embedding model, through sentence-transformers, where words and numbers leave it open.

    decontaminate:
      second_opinion: {model: sentence-transformers/all-MiniLM-L6-v2}

It confirms, it does not search: the model is asked of the pairs alone that have the same numbers and some rare words in common, of which
1,000 rows have a handful. So a small model on a CPU will do.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np
from pydantic import Field

from curation.core.attempts import smaller
from curation.core.errors import CurationError, SamplingError, first_line
from curation.core.plugins import Options
from curation.sampling.identity import model_identity

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PROBES = (
    (
        "Ann buys 12 red apples for 3 dollars each. How many dollars does she pay?",
        "Each of the 12 red apples that Ann buys costs 3 dollars. What does she pay in all?",
        "A circular pond has a radius of 12 metres. Find the length of the fence around it, 3 metres away.",
    ),
    (
        "A train travels 240 miles in 4 hours. What is its average speed in miles per hour?",
        "In 4 hours a train goes 240 miles. How fast does it travel on average, in miles per hour?",
        "There are 240 books on 4 shelves of a library. How many books are left when 30 are lent out?",
    ),
    (
        "Tom reads 15 pages of his book every day. How many days does a book of 300 pages take him?",
        "A book has 300 pages. For how many days does Tom read it, if he reads 15 pages each day?",
        "A farmer sells 15 sheep for 300 crowns. What is the price of one sheep?",
    ),
)
"""A problem, another wording of it, and another problem."""
MARGIN = 0.05
"""By which a row has to be nearer to its question than to any other that it might be."""


class Doubt(NamedTuple):
    """A row, the question of which it may be another wording, and the other questions that it might be."""

    row: str
    question: str
    others: Sequence[str]


class SecondOpinion(Options):
    """The model, and from what similarity on it confirms a paraphrase."""

    model: str
    """An embedding model for sentence-transformers (the extra `embed`): a name on the Hub, or a folder."""
    revision: str | None = None
    """Commit, tag or branch on the Hub; null: the newest of `main`, which the lock records."""
    min_cosine: Annotated[float, Field(gt=0, le=1)] = 0.75
    """Cosine of the vectors of a row and a question from which the row is a paraphrase, if no other question is as near. Measured with
    all-MiniLM-L6-v2; another model may need another."""
    batch_size: Annotated[int, Field(ge=1)] = 64
    """Texts that are embedded at once."""

    def identity(self) -> dict[str, str]:
        """Model -> revision, for the lock.

        Raises:
            SamplingError: there is no such model.
        """
        name, revision = model_identity(self.model, self.revision)
        return {name: revision}

    def ask(self, doubts: Sequence[Doubt]) -> list[float | None]:
        """The cosine of the vectors of a row and its question where that confirms it, None where not.

        Raises:
            CurationError: sentence-transformers is not installed, or the model cannot be loaded, or cannot tell wordings from problems.
        """
        if not doubts:
            return []
        texts = sorted({text for of in (*PROBES, *((d.row, d.question, *d.others) for d in doubts)) for text in of})
        vectors = self._load().encode(
            texts,
            batch_size=smaller(self.batch_size),
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        vector = dict(zip(texts, vectors, strict=True))

        def cosine(one: str, other: str) -> float:
            return float(np.dot(vector[one], vector[other]))

        for one, wording, problem in PROBES:
            near, far = cosine(one, wording), cosine(one, problem)
            if not near - far >= MARGIN:  # not `<`: a model may also give nan
                raise CurationError(
                    f"second_opinion: model {self.model!r} cannot tell another wording (cosine {near:.2f}) from another problem "
                    f"({far:.2f}); expected an embedding model, with its weights"
                )
        answers: list[float | None] = []
        for doubt in doubts:
            of_question = cosine(doubt.row, doubt.question)
            of_others = max((cosine(doubt.row, other) for other in doubt.others), default=-1.0)
            answers.append(of_question if of_question >= max(self.min_cosine, of_others + MARGIN) else None)
        return answers

    def _load(self) -> "SentenceTransformer":
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise CurationError(
                f"second_opinion needs sentence-transformers: install the extra `embed` ({first_line(error)})"
            ) from error
        try:
            return SentenceTransformer(self.model, revision=self.revision)
        except Exception as error:  # the Hub's, the tokenizer's, the files': any of them means that there is no model
            raise SamplingError(f"second_opinion: model {self.model!r}: {first_line(error)}") from error
