"""What a scorer is: a causal language model and how to run it, typed options, `identity()` and `open()`, which gives a session.

with scorer.open(max_length=4096) as session:
    for number, scores in session.score(batch):       # as they are finished, in any order
        scores.nll, scores.rank                       # a figure for each of `batch[number].scored`
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from curation.core.errors import SamplingError, first_line
from curation.core.plugins import ByKind, Plugin
from curation.sampling.engines.base import Hardware
from curation.sampling.identity import model_identity


@dataclass(frozen=True, slots=True)
class Encoded:
    """The tokens of a prompt and its response. `question`: first token of the user's question and the one behind its last; `response`: the
    first token of the response, behind at least one other. `reasoning`: the token of the response at which the reasoning begins;
    `n_tokens`: those of the whole response, of which `ids` may hold less.
    """

    ids: list[int]
    question: tuple[int, int]
    response: int
    reasoning: int
    n_tokens: int

    @property
    def scored(self) -> npt.NDArray[np.int64]:
        """Places of the tokens that are scored, the question's first. Nothing says how likely the first token of all is."""
        start, end = self.question
        return np.concatenate([np.arange(max(start, 1), max(end, 1)), np.arange(self.response, len(self.ids))])


class TokenScores(NamedTuple):
    """For each scored token -log of its probability given those before it, in nats, and its rank among all tokens: 1 is the likeliest."""

    nll: npt.NDArray[np.float32]
    rank: npt.NDArray[np.int64]


class ScorerSession(Protocol):
    """A loaded model."""

    tokenizer: Any

    def score(self, batch: Sequence[Encoded]) -> Iterator[tuple[int, TokenScores]]:
        """(number in the batch, scores), as they are finished.

        Raises:
            SamplingError: the model failed; what came before is valid.
        """


class Scorer(Plugin):
    """A causal language model that scores traces, and how to run it."""

    model: str
    """A folder in the transformers format, or a name on the Hub."""
    revision: str | None = None
    """A commit, branch or tag on the Hub; a folder's revision is computed from its files."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """`auto`: as the weights are stored on a GPU, float32 on a CPU."""

    @abstractmethod
    def open(self, max_length: int) -> AbstractContextManager[ScorerSession]:
        """Load the model for texts of at most `max_length` tokens; leaving the context frees it.

        Raises:
            SamplingError: a library is missing, the model cannot be loaded or takes less.
        """

    @abstractmethod
    def hardware(self) -> Hardware:
        """What it would run on. Loads no model."""

    def identity(self) -> tuple[str, str]:
        """(model, revision), the same on every machine for the same weights and tokenizer.

        Raises:
            SamplingError: the folder is no model, or the revision cannot be found out.
        """
        return model_identity(self.model, self.revision)

    def load_tokenizer(self) -> Any:
        """The model's tokenizer.

        Raises:
            SamplingError: a library is missing, or there is none.
        """
        try:
            from transformers import AutoTokenizer

            return AutoTokenizer.from_pretrained(self.model, revision=self.revision_to_load)
        except ImportError as error:
            raise SamplingError(
                f"scorer {self.kind!r} cannot import transformers ({first_line(error)}); {EXTRAS}"
            ) from error
        except Exception as error:  # theirs, the system's, the file formats'
            raise SamplingError(
                f"scorer {self.kind!r} cannot load the tokenizer of {self.model!r}: {first_line(error)}"
            ) from error

    @property
    def revision_to_load(self) -> str | None:
        return None if Path(self.model).is_dir() else self.revision


EXTRAS = "install the extra `train`, or `vllm` or `cpu`, which hold it"
AnyScorer = Annotated[Scorer, ByKind(Scorer)]
"""The type of an option that holds one scorer."""
