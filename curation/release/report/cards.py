"""Rows as the page shows them: the question, its images, the gold, what models answered and how the row ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from curation.core.errors import SamplingError
from curation.core.row import Message
from curation.difficulty.counted import measurement
from curation.release.dataset import Dataset
from curation.release.report.chosen import ROW, Ended, ended_rows, kept_rows
from curation.release.report.samples import Asked, Response, responses_to
from curation.release.report.section import Page
from curation.release.report.stages import ended_records
from curation.release.report.thumbnails import MOST, Thumbnail, thumbnail
from curation.sampling.template import apply_to_messages

EXAMPLES = 5
"""Of every reason."""
SAMPLES = 4
"""Of every row."""


@dataclass
class Card:
    """One row. `record` is None where its text is not there to be shown."""

    config: str
    source: str
    source_id: str
    id: str
    stage: str
    """In which it ended, without number and config; empty of a kept row."""
    reason: str
    """Of its end, or its split."""
    detail: str = ""
    record: Mapping[str, Any] | None = None
    images: list[Thumbnail] = field(default_factory=list)
    samples: list[Response] = field(default_factory=list)

    @property
    def fate(self) -> str:
        """What the reader filters by."""
        return f"{self.stage}: {self.reason}" if self.stage else "kept"

    @property
    def turns(self) -> list[tuple[str, str]]:
        """Role and text of every message."""
        return [(m["role"], m["content"]) for m in (self.record or {}).get("prompt") or ()]

    @property
    def question(self) -> str:
        """The last thing that the user says."""
        return next((text for role, text in reversed(self.turns) if role == "user"), "")

    @property
    def trace(self) -> str:
        """What a cold-start row teaches."""
        completion = (self.record or {}).get("completion") or ""
        return completion if isinstance(completion, str) else "\n".join(m["content"] for m in completion)

    @property
    def options(self) -> str:
        """Those of the verifier, as JSON; empty where there are none."""
        options = (self.record or {}).get("answer_options") or "{}"
        return "" if options == "{}" else options

    @property
    def verdicts(self) -> list[str]:
        """How its responses were judged, each once."""
        own = (self.record or {}).get("verified") or ""
        return sorted({*(sample.outcome for sample in self.samples), *([own] if own else [])})

    def get(self, name: str) -> Any:
        """A column, empty where the row has none."""
        value = (self.record or {}).get(name)
        return "" if value is None else value

    @property
    def n_images(self) -> int:
        return len(self.get("images") or ())


def ended_cards(dataset: Dataset, page: Page) -> dict[tuple[str, str, str], list[Card]]:
    """(config, stage, reason) -> its first rows, with their text where a build has it."""
    return page.once("ended", lambda: _ended_cards(dataset, page))


def _ended_cards(dataset: Dataset, page: Page) -> dict[tuple[str, str, str], list[Card]]:
    ended = ended_rows(dataset, page.seed, EXAMPLES)
    records: dict[str, dict[Any, dict[str, Any]]] = {}
    for config in {key[0] for key in ended}:
        rows = [row for key, group in ended.items() if key[0] == config for row in group]
        records[config] = ended_records(dataset.path, config, map(_key, rows), [*ROW, "difficulty", "license"])
    return {key: [_ended_card(row, records[key[0]].get(_key(row))) for row in group] for key, group in ended.items()}


def _key(row: Ended) -> tuple[str, str, str, str]:
    return row.stage, row.id, row.source, row.source_id


def _ended_card(row: Ended, record: dict[str, Any] | None) -> Card:
    stage = row.stage.split("-", 2)[-1]
    return Card(row.config, row.source, row.source_id, row.id, stage, row.reason, row.detail, record)


def kept_cards(dataset: Dataset, page: Page, config: str, most: int) -> list[Card]:
    """Rows that are in the set."""
    rows = kept_rows(dataset, config, page.seed, most)
    return [Card(config, row["source"], row["source_id"], row["id"], "", row["split"], "", row) for row in rows]


def illustrate(cards: Iterable[Card]) -> None:
    """Give cards their thumbnails."""
    for card in cards:
        card.images = [thumbnail(_bytes(image)) for image in (card.get("images") or ())[:MOST]]


def add_samples(dataset: Dataset, cards: list[Card]) -> str:
    """Give cards what models answered to them; returns why there is nothing, if so."""
    store = dataset.file("rollouts")
    if store is None:
        return "The sampled responses are not in this folder." if any(card.get("difficulty") for card in cards) else ""
    asked = {number: _asked(dataset, card) for number, card in enumerate(cards) if card.record}
    try:
        found = responses_to(store, asked, SAMPLES)
    except SamplingError as error:
        return f"The sampled responses cannot be shown: {error}"
    for number, samples in found.items():
        cards[number].samples = samples
    return ""


def _asked(dataset: Dataset, card: Card) -> Asked:
    """The row as it was sampled; in the shards its prompt is in the template already."""
    how = measurement(dataset.manifest, card.config)
    messages = tuple(Message(message["role"], message["content"]) for message in card.get("prompt"))
    if card.stage:
        messages = apply_to_messages(how["template"], messages)
    images = tuple(_bytes(image) for image in card.get("images") or ())
    gold = {name: card.get(name) for name in ("answer", "answer_kind", "answer_options")}
    return Asked(messages, images, gold, card.get("difficulty"), how)


def _bytes(image: Any) -> bytes:
    """Of a stage's record, or of a shard's."""
    return image if isinstance(image, bytes) else (image or {}).get("bytes") or b""
