"""Evaluation questions in other words: what words and numbers show, and what a second opinion confirms."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.core.errors import CurationError
from curation.core.row import Row
from curation.decontamination.options import Decontaminate
from curation.decontamination.second_opinion import PROBES
from curation.decontamination.text import question_words
from curation.decontamination.wording import stem
from tests.curation.decontamination.decontaminating import Outcome, benchmark, decontaminate, row

ORCHARD = (
    "A gardener plants 14 pear trees in every row of her orchard and has 23 rows. In spring a frost kills 35 of the trees. She replaces each of "
    "them by a quince. How many pear trees stand in the orchard in summer?"
)
TAXI = "The taxi asks 4 dollars to begin with and 3 dollars for every mile. Ben pays 25 dollars for his ride to the airport. How far is the airport?"
ITEMS = [ORCHARD, TAXI, "Evaluate $\\log_7 343 + \\log_3 27$."]
OTHERS = [
    question
    for n in range(3, 33)
    for question in (
        f"There are {n} shelves with {n + 5} books each. How many books are there on all of the shelves?",
        f"Ben has {n} dollars and pays {n - 2} for a ride on the wheel. How many dollars are left to him in the end?",
        f"A train with {n + 1} cars carries {7 * n} passengers. How many passengers are in every car of the train?",
    )
]

REWORDED = (
    "An orchard has 23 rows, in each of which its owner, a gardener, set 14 pear trees. Thirty-five trees died when frost came in spring; "
    "quinces took their places. What is the number of pear trees standing there in summer?"
)
FAR = (
    "Getting into a taxi costs 4 dollars, and each mile of the way 3 dollars more. If somebody pays the driver 25 dollars, what distance was "
    "travelled to the airport?"
)

# question -> its kind, without a second opinion
KINDS = {
    REWORDED: "paraphrase",
    REWORDED.replace("23", "24"): None,
    REWORDED.replace("23 rows", "23 rows and 9 gates"): None,
    REWORDED.replace("quinces took their places", "none of them was replaced"): "possible_paraphrase",
    "A school has 23 classes of 14 children. On Monday 35 are ill at home. How many children come to school?": None,
    "Evaluate $\\log_7 343 - \\log_3 27$.": None,
}


def run(folder: Path, rows: list[Row], **options: Any) -> Outcome:
    spec = {"benchmarks": [benchmark(folder, "ours", ITEMS)], **options}
    return decontaminate([rows], Decontaminate.model_validate(spec), folder)


@pytest.mark.parametrize("question", KINDS, ids=[f"{kind}-{i}" for i, kind in enumerate(KINDS.values())])
def test_another_wording_has_the_same_numbers_and_rare_words(question: str, tmp_path: Path) -> None:
    rows = [row(text, i) for i, text in enumerate([question, *OTHERS])]
    outcome = run(tmp_path, rows)
    assert {e["source_id"]: e["kind"] for e in outcome.evidence} == ({"0": KINDS[question]} if KINDS[question] else {})
    action = "dropped" if KINDS[question] == "paraphrase" else "keep"
    assert [decision.action for decision in outcome.decisions] == [action, *["keep"] * len(OTHERS)]
    assert bool(outcome.decisions[0].note) == (KINDS[question] == "possible_paraphrase")


def test_wordings_in_numbers_are_one_family(tmp_path: Path) -> None:
    ends = [
        f"{place} {thing}."
        for place in ("Up", "Down", "Far")
        for thing in ("north", "south", "hill", "dale", "sea", "lake")
    ]
    rows = [row(f"{REWORDED} {end}", i, "copies") for i, end in enumerate(ends)]
    outcome = run(tmp_path, [*rows, *(row(text, i, "others") for i, text in enumerate(OTHERS))])
    assert len(outcome.of("copies")) == len(rows)
    assert not outcome.of("others")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers model that knows which words mean the same."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Whitespace

    meanings = {
        "costs": "asks",
        "each": "every",
        "way": "ride",
        "gave": "pays",
        "distance": "far",
        "travelled": "far",
        "reached": "far",
    }
    texts = [*ITEMS, *OTHERS, REWORDED, FAR, *(text for probe in PROBES for text in probe)]
    words = sorted({word for text in texts for word in question_words(text)})
    known = sorted({stem(meanings.get(word, word)) for word in words})
    vectors = dict(zip(known, np.random.default_rng(0).normal(size=(len(known), 128)), strict=True))
    weights = np.stack([np.zeros(128), *(vectors[stem(meanings.get(word, word))] for word in words)])
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(["[UNK]", *words])}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = Lowercase(), Whitespace()
    folder = tmp_path_factory.mktemp("model")
    module = StaticEmbedding(tokenizer, embedding_weights=weights.astype(np.float32))
    SentenceTransformer(modules=[module], device="cpu").save(str(folder))
    return folder


def test_a_second_opinion_confirms_what_words_leave_open(model: Path, tmp_path: Path) -> None:
    rows = [row(text, i) for i, text in enumerate([FAR, *OTHERS])]
    (tmp_path / "without").mkdir()
    assert run(tmp_path / "without", rows).of("corpus") == set()
    opinion = {"model": str(model), "min_cosine": 0.4}
    outcome = run(tmp_path, rows, second_opinion=opinion)
    assert {e["source_id"]: e["kind"] for e in outcome.evidence} == {"0": "paraphrase_by_model"}
    assert outcome.decisions[0].action == "dropped"
    (tmp_path / "strict").mkdir()
    assert run(tmp_path / "strict", rows, second_opinion=opinion | {"min_cosine": 0.99}).of("corpus") == set()


def test_a_model_that_cannot_tell_wordings_from_problems_is_refused(model: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    file = next(model.rglob("*.safetensors"))
    weights = load_file(file)
    spoiled = tmp_path / "spoiled"
    spoiled.mkdir()
    for path in model.rglob("*"):
        if path.is_file():
            target = spoiled / path.relative_to(model)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
    save_file({name: np.ones_like(value) for name, value in weights.items()}, spoiled / file.relative_to(model))
    with pytest.raises(CurationError, match="cannot tell another wording"):
        run(tmp_path, [row(FAR)], second_opinion={"model": str(spoiled)})


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(CurationError, match="nowhere"):
        run(tmp_path, [row(FAR)], second_opinion={"model": str(tmp_path / "nowhere")})
