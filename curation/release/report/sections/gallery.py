"""Rows as they are, kept and dropped, with images, gold, sampled responses and verdicts; the reader filters and searches them."""

from typing import Any, Literal

from curation.release.dataset import Dataset
from curation.release.report.cards import Card, add_samples, ended_cards, illustrate, kept_cards
from curation.release.report.section import Page, Section

KEPT = 60
"""Rows of each config that are in the set."""
OF_A_REASON, ENDED = 2, 60
"""Rows of each reason, and of each config, that are not."""


class Gallery(Section):
    """The last section: it is long."""

    kind: Literal["gallery"] = "gallery"
    title, place = "Gallery", 1000

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        """Cards and the values by which they are filtered; None of a set without rows."""
        cards = self._cards(dataset, page)
        if not cards:
            return None
        illustrate(cards)
        note = add_samples(dataset, cards)
        filters = [
            ("config", "Config", _configs(cards)),
            ("source", "Source", sorted({card.source for card in cards})),
            ("fate", "Outcome", sorted({card.fate for card in cards}, key=lambda fate: (fate != "kept", fate))),
            ("stratum", "Stratum", sorted({card.get("stratum") for card in cards} - {""})),
            ("verdicts", "A response judged", sorted({verdict for card in cards for verdict in card.verdicts})),
        ]
        return {
            "cards": cards,
            "kept": sum(not card.stage for card in cards),
            "filters": [one for one in filters if len(one[2]) > 1],
            "note": note,
            "is_build": dataset.is_build,
        }

    def _cards(self, dataset: Dataset, page: Page) -> list[Card]:
        cards = []
        for config in dataset.summary["configs"]:
            cards += kept_cards(dataset, page, config, KEPT)
            groups = [group for key, group in ended_cards(dataset, page).items() if key[0] == config]
            turns = ([group[turn] for group in groups if turn < len(group)] for turn in range(OF_A_REASON))
            cards += [card for turn in turns for card in turn if card.record][:ENDED]
        return cards


def _configs(cards: list[Card]) -> list[str]:
    return list(dict.fromkeys(card.config for card in cards))
