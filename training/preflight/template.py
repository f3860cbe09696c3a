"""The round trip through chat template and tokenizer: what is said arrives whole, begins and ends where the model expects it.

The generation prompt stands at the end of a prompt; each message is in the text that the model sees, thinking included; text and ids
are the same thing; every mark of the template is one token; an assistant's turn ends with a token that generation stops at.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from curation.core.row import PLACE
from training.preflight.check import Problem, RowFaults, first_line
from training.preflight.rendering import answers_of, ids_of, render
from training.preflight.rows import SampledRow
from training.preflight.subject import Subject

N_ROWS = 64
MARK = re.compile(r"<\|[\w.-]+\|>")
ANOTHER_START = "the completion does not follow the prompt as it is given at inference"


class Template:
    """Renders the first rows and compares."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.faults = RowFaults("template", {ANOTHER_START: 1.0})
        self.marks: set[str] = set()
        self.stops = stop_ids(subject)
        self.n_rows = 0

    def row(self, row: SampledRow) -> None:
        """Look at one of the first rows that can be rendered."""
        if not row.is_whole or self.n_rows >= N_ROWS:
            return
        self.n_rows += 1
        try:
            self._round_trip(row)
        except Exception as error:  # templates are programs of their own and raise what they like
            self.faults.add(row.where, "the chat template fails", f"{type(error).__name__}: {first_line(error)}")

    def problems(self) -> Iterator[Problem]:
        """The faults of rows, and marks that the tokenizer takes apart."""
        yield from self.faults.problems(self.n_rows)
        special = {token for token in self.subject.tokenizer.all_special_tokens if token}
        for mark in sorted(self.marks | special):
            if len(ids := ids_of(self.subject, mark)) != 1:
                yield Problem(
                    "template",
                    self.subject.model,
                    f"{mark!r} is {len(ids)} tokens, expected 1: are template and tokenizer of one model?",
                )

    def _round_trip(self, row: SampledRow) -> None:
        bare, prompt = render(self.subject, row), render(self.subject, row, generation=True)
        answers = answers_of(row)
        whole = render(self.subject, row, *answers)
        said = "".join(message["content"] for message in (*row.prompt, *answers))
        self.marks |= {mark for mark in MARK.findall(whole) if mark not in said}
        add = self.faults.add
        if prompt == bare:
            add(row.where, "no generation prompt at the end of the prompt", f"it ends with {prompt[-40:]!r}")
        elif not whole.startswith(prompt):
            add(row.where, ANOTHER_START, f"the prompt ends with {prompt[-40:]!r}")
        self._check_contents(row, answers, whole)
        ids = ids_of(self.subject, whole)
        decoded = self.subject.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        if _plain(decoded) != _plain(whole):
            at = _first_difference(_plain(decoded), _plain(whole))
            add(
                row.where,
                "the tokenizer does not give the text back",
                f"{_plain(decoded)[at:][:30]!r} for {_plain(whole)[at:][:30]!r}",
            )
        self._check_end(row, ids)

    def _check_contents(self, row: SampledRow, answers: list[Any], whole: str) -> None:
        at = 0
        for message in (*row.prompt, *answers):
            for piece in message["content"].split(PLACE) if row.opened else [message["content"]]:
                found = whole.find(piece.strip(), at)
                if found < 0:
                    thought = "</think>" in piece and message["role"] == "assistant"
                    fault = (
                        "the template drops thinking"
                        if thought
                        else f"the template changes or drops a {message['role']} message"
                    )
                    self.faults.add(row.where, fault, f"not found in what the model would see: {piece.strip()[:60]!r}")
                    return
                at = found + len(piece.strip())

    def _check_end(self, row: SampledRow, ids: list[int]) -> None:
        tail = [token for token in ids[-4:] if self.subject.tokenizer.decode([token]).strip()]
        if self.stops and (not tail or tail[-1] not in self.stops):
            end = self.subject.tokenizer.decode(tail[-1:]) if tail else ""
            stops = ", ".join(repr(self.subject.tokenizer.decode([token])) for token in sorted(self.stops))
            fault = "an assistant's turn does not end with a token that generation stops at"
            self.faults.add(
                row.where, fault, f"it ends with {end!r}, stops are {stops}; see --eos_token, generation_config.json"
            )


def stop_ids(subject: Subject) -> set[int]:
    """What TRL and the engines stop at: the tokenizer's end token (or `--eos_token`) and those of the generation config."""
    chosen = subject.option("eos_token")
    own = subject.tokenizer.convert_tokens_to_ids(chosen) if chosen else subject.tokenizer.eos_token_id
    return {own, *generation_stops(subject)} - {None}


def generation_stops(subject: Subject) -> list[int]:
    """`eos_token_id` of the generation config; [] where there is none."""
    from transformers import GenerationConfig

    try:
        ids = GenerationConfig.from_pretrained(subject.model).eos_token_id
    except (OSError, ValueError):
        return []
    return [ids] if isinstance(ids, int) else list(ids or [])


def check_tokenizer(subject: Subject) -> Iterator[Problem]:
    """End tokens that agree, and an embedding for each token."""
    config = subject.model_config
    own, stops = subject.tokenizer.eos_token_id, generation_stops(subject)
    if own is None:
        yield Problem("tokenizer", subject.model, "no eos_token: a response would never end")
    elif stops and own not in stops:
        token = subject.tokenizer.eos_token
        yield Problem(
            "tokenizer",
            subject.model,
            f"generation_config.json stops at {stops}, not at the tokenizer's {token!r} ({own}): engines run on to the limit; add it",
        )
    n_embeddings = getattr(config.get_text_config(), "vocab_size", None) if config is not None else None
    if n_embeddings is not None and len(subject.tokenizer) > n_embeddings:
        yield Problem(
            "tokenizer",
            subject.model,
            f"{len(subject.tokenizer):,} tokens, the model embeds {n_embeddings:,}: ids beyond are out of range; take its own tokenizer",
        )


def _plain(text: str) -> str:
    """Without what tokenizers may change rightly: spaces, and the way that accents are written."""
    return "".join(unicodedata.normalize("NFC", text).split())


def _first_difference(one: str, other: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
