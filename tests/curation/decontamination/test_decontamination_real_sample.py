"""The public sample against its own evaluation sets: what is in them is found, and boilerplate is no match."""

import random
from pathlib import Path

import pytest

from curation.build.manifest import Manifest
from curation.core.row import Row
from curation.decontamination.options import Decontaminate
from curation.decontamination.text import question_words, template_words
from curation.sources.base import BadRow
from curation.sources.table import Table
from tests.curation.decontamination.decontaminating import Outcome, benchmark, decontaminate, row
from tests.curation.decontamination.planting import TEXT_KINDS, eligible

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]

# benchmark: (rows, rows that cannot be read - a picture that the sample lacks, a question that is empty)
BENCHMARKS = {
    "aime24": (30, 0),
    "aime24_qwq": (30, 0),
    "aime25": (30, 0),
    "aime25_qwq": (30, 0),
    "math500": (500, 0),
    "math500_orz": (500, 0),
    "mathvision": (3040, 0),
    "mathvision_pictures": (3040, 2995),
    "mathvista": (1000, 0),
    "mathverse": (788, 0),
    "dynamath": (501, 0),
    "dynamath_pictures": (501, 461),
    "logicvista": (448, 1),
    "logicvista_pictures": (448, 418),
    "charxiv_reasoning": (1000, 0),
    "charxiv_descriptive": (1000, 0),
    "mmmu_pro": (1730, 0),
    "mmlu_pro": (700, 0),
}
# (source, benchmark): rows that are in it, by exact text or known wording
PRESENT = {
    ("aime", "math500"): 5,
    ("aime", "mathvision"): 10,
    ("sky_t1", "math500"): 180,
    ("sky_t1", "aime24"): 30,
    ("zeroeval", "math500"): 26,
    ("qwen25_math", "math500"): 5,
    ("geoqa", "mathvista"): 11,
    ("geoqa", "mathverse"): 175,
    ("chartqa", "mathvista"): 5,
}


@pytest.fixture(scope="module")
def options(real_manifest: Manifest) -> Decontaminate:
    assert real_manifest.rl
    assert real_manifest.rl.decontaminate
    return real_manifest.rl.decontaminate


@pytest.fixture(scope="module")
def outcome(options: Decontaminate, real_manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    wanted = {source for source, _ in PRESENT}
    tasks = []
    for source in (s for section in real_manifest.sections.values() for s in section.sources if s.name in wanted):
        assert isinstance(source, Table)
        tasks.append([r for r in source.read(0) if isinstance(r, Row)])
    texts_alone = options.model_copy(update={"pictures": False})
    return decontaminate(tasks, texts_alone, tmp_path_factory.mktemp("decontaminated"))


def test_every_evaluation_set_is_read(options: Decontaminate) -> None:
    read = {}
    for source in options.benchmarks:
        rows = list(source.read(0))
        read[source.name] = (len(rows), sum(isinstance(r, BadRow) for r in rows))
    assert read == BENCHMARKS


@pytest.mark.parametrize(("source", "benchmark"), PRESENT)
def test_what_is_in_an_evaluation_set_is_found(outcome: Outcome, source: str, benchmark: str) -> None:
    assert len(outcome.of(source, benchmark)) >= PRESENT[source, benchmark]


def test_boilerplate_of_a_contest_is_no_match(outcome: Outcome) -> None:
    """167 of the 975 older AIME problems share 13 words with one of AIME 2024."""
    assert len(outcome.of("aime", "aime24")) <= 3
    assert len(outcome.of("aime", "aime25")) <= 3


def test_dynamath_drawn_anew_is_known_again(options: Decontaminate, real_data: Path, tmp_path: Path) -> None:
    """DynaMath's seed questions with other numbers; what has too few words of its own, or a sentence more, may pass."""
    seeds = next(benchmark for benchmark in options.benchmarks if benchmark.name == "dynamath")
    assert isinstance(seeds, Table)
    path = str(real_data / "decontam/dynamath/samples and result/10trials/trial3/dataset.json")
    drawn = [r for r in seeds.model_copy(update={"name": "drawn", "path": path}).read(0) if isinstance(r, Row)]
    seed = {r.source_id: question_words(r.question) for r in seeds.read(0) if isinstance(r, Row)}
    variants = {r.source_id for r in drawn if is_variant(question_words(r.question), seed[r.source_id])}
    found = decontaminate([drawn], Decontaminate(benchmarks=(seeds,)), tmp_path).of("drawn")
    assert len(variants) > 70
    assert len(variants & found) >= 0.95 * len(variants)


def is_variant(words: list[str], seed: list[str]) -> bool:
    return words != seed and template_words(words) == template_words(seed)


@pytest.mark.parametrize(("kind", "recall"), {"renumbered": 0.95, "translated": 0.9, "synonyms": 0.6}.items())
def test_planted_questions_are_found_and_their_kin_are_not(
    options: Decontaminate, tmp_path: Path, kind: str, recall: float
) -> None:
    """Half of MATH500 and of MathVerse is indexed; altered questions of both halves are planted. `tests/benchmarks` has the full table."""
    chance = random.Random(kind)
    indexed, rows = list[str](), list[Row]()
    for source in (s for s in options.benchmarks if s.name in ("math500", "mathverse")):
        questions = [r.question for r in source.read(0) if isinstance(r, Row)]
        indexed += questions[::2]
        for name, half in (("planted", questions[::2]), ("kin", questions[1::2])):
            altered = [new for q in half if eligible(q) and (new := TEXT_KINDS[kind](q, chance)) != q]
            rows += [row(q, i, name) for i, q in enumerate(chance.sample(altered, 20), len(rows))]
    spec = {"benchmarks": [benchmark(tmp_path, "indexed", indexed)]}
    outcome = decontaminate([rows], Decontaminate.model_validate(spec), tmp_path)
    assert len(outcome.of("planted")) >= recall * 40
    assert len(outcome.of("kin")) <= 2
