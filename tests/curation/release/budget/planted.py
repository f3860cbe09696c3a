"""Sets with planted errors, built as any other, and a student who answers them: how well does the error budget know what is wrong?

    truth = plant(folder, Planting(share_wrong=0.05))    # writes manifest, rows, evaluation set and the student's habits
    build(folder / "manifest.yaml", folder / "out")
    truth.share(folder / "out")                          # of the rows in the shards, those with a planted error

A module of plugins: the student is an engine.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import yaml

from curation.core.parquet import read_records
from curation.decontamination.canaries import renumbered, reworded
from curation.sampling.engines.base import Engine, Request, Response, Sample, SamplingOptions, sample_seed

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
SORTS = ("random", "off_by_one", "systematic", "other_option")
SYLLABLES = [
    "ba",
    "be",
    "bo",
    "da",
    "de",
    "do",
    "fa",
    "fe",
    "ga",
    "go",
    "ka",
    "ke",
    "ki",
    "la",
    "le",
    "lo",
    "ma",
    "me",
    "mo",
    "na",
    "ne",
    "no",
    "pa",
    "pe",
    "po",
    "ra",
    "re",
    "ro",
    "sa",
    "se",
    "so",
    "ta",
    "te",
    "to",
    "va",
    "ve",
    "vo",
    "za",
    "zo",
]


class Student(Engine):
    """Answers each question by its habits: answers and how often it gives each."""

    kind: Literal["student"] = "student"
    model: str = "student"
    habits: str
    """A JSON file: question -> [[answer, share], ...]."""

    def identity(self) -> tuple[str, str]:
        return "student", "1"

    @contextmanager
    def open(self) -> Iterator["Answering"]:
        yield Answering(json.loads(Path(self.habits).read_text()))


class Answering:
    def __init__(self, habits: dict[str, list[tuple[str, float]]]) -> None:
        self.habits = habits

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response]:
        for request in requests:
            village = _village(request.messages[-1].content, self.habits)
            answers, shares = zip(*self.habits[village], strict=True)
            samples = []
            for number in request.sample_numbers:
                seed = sample_seed(request.seed, request.key, number)
                answer = random.Random(seed).choices(answers, shares)[0]
                samples.append(Sample(number, rf"\boxed{{{answer}}}", "stop", 5, seed))
            yield Response(request.key, tuple(samples), 20)


@dataclass(frozen=True)
class Planting:
    """What is planted and who answers. `accuracy`: the parameters of the beta distribution of the student's pass rates; `habit`: the mean
    share of its mistakes on a question that are one and the same; `options`: of a question, 0 for open ones.
    """

    share_wrong: float
    share_leaks: float = 0.01
    rows: int = 400
    n: int = 8
    options: tuple[int, ...] = (0, 4)
    accuracy: tuple[float, float] = (4, 2)
    habit: float = 0.5
    sorts: tuple[str, ...] = SORTS
    seed: int = 0


@dataclass
class Truth:
    """source_id -> what is wrong with the row."""

    wrong: dict[str, str] = field(default_factory=dict)

    def share(self, out: Path, of: Sequence[str] = ()) -> float:
        """Of the rows in the shards, those that are wrong: in one of these ways, or any."""
        ids = [
            r["source_id"]
            for file in sorted((out / "data/rl").glob("*.parquet"))
            for r in read_records(file, ["source_id"])
        ]
        hits = [self.wrong[one] for one in ids if one in self.wrong]
        return sum(not of or why in of for why in hits) / len(ids)


def plant(folder: Path, planting: Planting) -> Truth:
    """Write everything that a build needs."""
    maker = _Maker(planting)
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (*maker.rows.items(), ("items", maker.items)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "habits.json").write_text(json.dumps(maker.habits))
    (folder / "manifest.yaml").write_text(yaml.safe_dump(_manifest(folder, planting, list(maker.rows))))
    return maker.truth


@dataclass(frozen=True)
class Counted:
    """What the student's answers to planted rows come to, without a build: (answered, the gold, the most frequent other answer) of each, by
    their number of options, whether it would be kept, and whether its gold is wrong.
    """

    counts: dict[int, Ints]
    kept: dict[int, Bools]
    wrong: dict[int, Bools]

    @property
    def share(self) -> float:
        """Of the kept rows those with a wrong gold."""
        kept = np.concatenate(list(self.kept.values()))
        return float(np.concatenate(list(self.wrong.values()))[kept].mean())


def counted(planting: Planting) -> Counted:
    """The rows of `plant`, answered `n` times each; kept where some and not all answers are right."""
    maker, chance = _Maker(planting), random.Random(planting.seed + 1)
    found: dict[int, list[tuple[int, int, bool]]] = {}
    for number, name in enumerate(sorted(maker.rows)):
        for row in maker.rows[name]:
            answers, shares = zip(*maker.habits[_village(row["question"], maker.habits)], strict=True)
            given = Counter(chance.choices(answers, shares, k=planting.n))
            k = given.pop(row["answer"], 0)
            wrong = maker.truth.wrong.get(row["id"], "leak") != "leak"
            found.setdefault(number, []).append((k, max(given.values(), default=0), wrong))
    options = [int(name.removeprefix("choice").replace("open", "0")) for name in sorted(maker.rows)]
    tables = {options[number]: np.array(lines) for number, lines in found.items()}
    return Counted(
        {o: np.column_stack([np.full(len(t), planting.n), t[:, :2]]).astype(np.int64) for o, t in tables.items()},
        {o: (t[:, 0] > 0) & (t[:, 0] < planting.n) for o, t in tables.items()},
        {o: t[:, 2].astype(bool) for o, t in tables.items()},
    )


def _village(text: str, known: Collection[str]) -> str:
    """The name that is in no other story, by which the student knows one."""
    return next(word for word in re.findall(r"\w+", text) if word in known)


def _manifest(folder: Path, planting: Planting, names: Sequence[str]) -> dict[str, Any]:
    fields = {"question": "question", "answer": "answer", "id": "id"}

    def source(name: str) -> dict[str, Any]:
        options = {"options": "options"} if name.startswith("choice") else {}
        return {"kind": "table", "name": name, "path": str(folder / f"{name}.jsonl"), "fields": {**fields, **options}}

    benchmark = {
        "kind": "table",
        "name": "exam",
        "path": str(folder / "items.jsonl"),
        "fields": {"question": "question", "id": "id"},
    }
    difficulty: dict[str, Any] = {"n": planting.n}
    if planting.n:
        difficulty["sampler"] = {"kind": "student", "habits": str(folder / "habits.json")}
    return {
        "name": "planted",
        "seed": planting.seed,
        "plugins": [__name__],
        "rl": {
            "sources": [source(name) for name in names],
            "decontaminate": {"benchmarks": [benchmark]},
            **({"difficulty": difficulty} if planting.n else {}),
        },
    }


class _Maker:
    """Makes everything in one order from the seed."""

    def __init__(self, planting: Planting) -> None:
        self.planting, self.chance = planting, random.Random(planting.seed)
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.habits: dict[str, list[tuple[str, float]]] = {}
        self.truth, self.words = Truth(), set[str]()
        self.items = [{"id": f"exam-{i}", **self._story()} for i in range(60)]
        n_leaks = round(planting.share_leaks * planting.rows)
        leaked = self.chance.sample(self.items, n_leaks)
        for i in range(planting.rows):
            n_options = planting.options[i % len(planting.options)]
            name = f"choice{n_options}" if n_options else "open"
            story = self._leak(leaked[i], i) if i < n_leaks else self._story()
            row = {"id": f"{name}-{i}", **self._answered(story, n_options, f"{name}-{i}")}
            if i < n_leaks:
                self.truth.wrong[row["id"]] = "leak"
            self.rows.setdefault(name, []).append(row)

    def _word(self) -> str:
        """A word that is in no other story."""
        while (word := "".join(self.chance.choices(SYLLABLES, k=self.chance.randint(2, 4)))) in self.words:
            pass
        self.words.add(word)
        return word

    def _story(self) -> dict[str, Any]:
        names = [self._word() for _ in range(7)]
        village, thing = names[0].capitalize(), names[1]
        a, b = self.chance.randint(12, 99), self.chance.randint(3, 11)
        scaffold, value = self.chance.choice(SCAFFOLDS)
        text = scaffold.format(
            village=village, thing=thing, x=names[2], y=names[3], z=names[4], u=names[5], v=names[6], a=a, b=b
        )
        return {"question": text, "answer": value(a, b)}

    def _village(self, text: str) -> str:
        words = re.findall(r"\w+", text)
        return next((word for word in words if word.lower() in self.words and word[0].isupper()), "")

    def _leak(self, item: dict[str, Any], i: int) -> dict[str, Any]:
        ways = (lambda t: t, lambda t: renumbered(t, self.chance), lambda t: reworded(t, self.chance), _turned)
        while not self._village(text := ways[i % 4](item["question"])):
            pass  # the student knows a story by its village
        return {"question": text, "answer": item["answer"] if i % 4 != 1 else self.chance.randint(100, 999)}

    def _answered(self, story: dict[str, Any], n_options: int, one: str) -> dict[str, Any]:
        """The row with its gold, which may be wrong, and how the student answers it."""
        right, chance, planting = int(story["answer"]), self.chance, self.planting
        near = [right + d for d in (1, -1, 10, -10, 2, 100, -2, 20, 5, -5, 7, 3)]
        others = near[: n_options - 1] if n_options else near
        chance.shuffle(others)
        rate = chance.betavariate(*planting.accuracy)
        habit = chance.betavariate(4 * planting.habit, 4 * (1 - planting.habit)) if len(others) > 1 else 1.0
        rest = [chance.random() for _ in others]
        shares = [(1 - habit) * share / sum(rest) + (habit if k == 0 else 0) for k, share in enumerate(rest)]
        gold = right
        if chance.random() < planting.share_wrong:
            sort = chance.choice(planting.sorts)
            gold = {
                "random": chance.choice(others) if n_options else right + chance.randint(1_000, 9_999),
                "off_by_one": right + 1,
                "systematic": others[0],
                "other_option": chance.choice(others),
            }[sort]
            self.truth.wrong[one] = sort
        answers = [(right, rate), *((other, (1 - rate) * share) for other, share in zip(others, shares, strict=True))]
        village = self._village(story["question"])
        if not n_options:
            self.habits[village] = [(str(answer), share) for answer, share in answers]
            return {"question": story["question"], "answer": str(gold)}
        options = [right, *others]
        chance.shuffle(options)
        letters = {option: "ABCDEFGHIJ"[k] for k, option in enumerate(options)}
        self.habits[village] = [(letters[answer], share) for answer, share in answers]
        return {"question": story["question"], "answer": letters[gold], "options": [str(option) for option in options]}


def _turned(text: str) -> str:
    """Quite other words: the sentences in another order, half of the words left out."""
    first, *rest = text.split(". ")
    return " ".join(
        [
            "Tell me this.",
            *rest[::-1],
            "You know that",
            *[word for k, word in enumerate(first.split()) if k % 2 == 0 or word[0].isupper()],
        ]
    )


SCAFFOLDS = (
    ("In {village} the {x} keeps {a} {thing}. Each {thing} needs {b} {y} and a {z}. The {u} of {v} brings all {y}. How many {y} are brought?",
     lambda a, b: a * b),
    ("A {x} from {village} has {a} {thing} in the {y}. A {z} takes {b} of them to {u}, where {v} waits. How many {thing} stay in the {y}?",
     lambda a, b: a - b),
    ("Near {village} a {x} of {a} {y} meets a {z} of {b} {y} behind the {u}. They call it {v} or {thing}. How many {y} is that together?",
     lambda a, b: a + b),
    ("The {x} in {village} sells {thing} by the {y}: {a} on the day of {z} and {b} times as many at {u}. A {v} counts them. How many are sold at {u}?",
     lambda a, b: a * b),
)  # fmt: skip
