"""A stranger's module beside a manifest: a source, a filter, an engine, a stopping rule and a reward kind, used, listed and certified."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter

import rewards
from curation.build.load import load_manifest
from curation.cli import main
from curation.commands.plugins import PLACES, example_of, plugins_of
from curation.core.parquet import read_records
from curation.core.plugins import ByKind, Plugin, texts_of
from curation.sources.formats.gold import Rule

MODULE = '''
"""Riddles.

    - kind: riddles
      path: riddles.jsonl
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Literal

from curation.core.row import make_row
from curation.difficulty.stopping.base import Stopping
from curation.difficulty.stopping.fixed import FixedRule
from curation.filters.base import Filter
from curation.sampling.engines.base import Engine, Response, Sample, sample_seed
from curation.sources.base import BadRow, Source
from rewards.kinds import Kind
from rewards.verdict import Ruling


class Riddles(Source):
    """Riddles with one-word answers."""

    kind: Literal["riddles"] = "riddles"
    path: str
    """One JSON object a line, {riddle, answer}."""

    def read(self, seed):
        for number, line in enumerate(Path(self.path).read_text().splitlines()):
            riddle = json.loads(line)
            if not riddle["answer"]:
                yield BadRow(self.name, str(number), "answer_missing")
                continue
            yield make_row(
                source=self.name, source_id=str(number), question=riddle["riddle"], answer=riddle["answer"],
                answer_kind=riddle.get("kind", "text"), **self.row_defaults(),
            )


class NoShouting(Filter):
    """Questions in capitals."""

    kind: Literal["no_shouting"] = "no_shouting"
    max_share: float = 0.5

    def judge(self, row):
        capitals = sum(map(str.isupper, row.question)) / max(len(row.question), 1)
        return True if capitals <= self.max_share else (False, "shouting", f"{capitals:.0%}")


class Parrot(Engine):
    """Says what it is given, every second time."""

    kind: Literal["parrot"] = "parrot"
    model: str = "parrot"
    says: str = "echo"

    def identity(self):
        return "parrot", self.says

    @contextmanager
    def open(self):
        yield self

    def generate(self, requests, options):
        return [
            Response(r.key, tuple(
                Sample(k, r"\\\\boxed{%s}" % (self.says if k % 2 else "no idea"), "stop", 3, sample_seed(r.seed, r.key, k))
                for k in r.sample_numbers
            ), 5)
            for r in requests
        ]


class Twice(Stopping):
    """Two samples of every prompt."""

    kind: Literal["twice"] = "twice"

    def first(self, bounds):
        return 2

    def rule(self, bounds, tally, groups):
        return FixedRule(bounds, bounds.n)


class Reversed(Kind):
    """The gold, read from either end."""

    kind: Literal["reversed"] = "reversed"
    example: ClassVar[tuple[str, str]] = ("abc", "cba")

    def against(self, gold):
        return lambda answer: Ruling("correct" if answer in (gold, gold[::-1]) else "wrong", "exact")
'''
RIDDLES = [
    {"riddle": "What answers every call and never speaks first?", "answer": "echo"},
    {"riddle": "WHAT HAS HANDS AND CANNOT CLAP?", "answer": "clock"},
    {"riddle": "What has no answer?", "answer": ""},
]
MANIFEST: dict[str, Any] = {
    "name": "riddles",
    "plugins": ["stranger"],
    "rl": {
        "sources": [{"kind": "riddles", "path": "riddles.jsonl"}],
        "filters": [{"kind": "no_shouting", "max_share": 0.4}],
        "difficulty": {"sampler": {"kind": "parrot"}, "stopping": {"kind": "twice"}, "n": 2},
    },
}


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    (tmp_path / "recipe").mkdir()
    write(tmp_path / "recipe", MODULE, RIDDLES)
    return tmp_path / "recipe" / "manifest.yaml"


def write(folder: Path, module: str, riddles: list[dict[str, str]]) -> None:
    (folder / "stranger.py").write_text(module)
    (folder / "riddles.jsonl").write_text("".join(json.dumps(riddle) + "\n" for riddle in riddles))
    (folder / "manifest.yaml").write_text(yaml.safe_dump(MANIFEST))


def curate(folder: Path, *arguments: str) -> str:
    """The output of a command in a process of its own, which knows of no plugin, started in `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", "import sys; from curation.cli import main; sys.exit(main())", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else f"{done.returncode}: {done.stderr.splitlines()[-1]}"


def ledger(out: Path) -> dict[str, tuple[str, str, str]]:
    return {
        line["source_id"]: (line["action"], line["reason"], line["detail"])
        for line in read_records(out / "ledger.parquet")
    }


@pytest.mark.slow
def test_a_module_beside_the_manifest_is_used_in_every_stage(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert "balanced" in curate(tmp_path, "build", str(recipe), "--out", str(out), "--workers", "2")
    assert ledger(out) == {
        "0": ("out", "train", ""),
        "1": ("dropped", "shouting", "81%"),
        "2": ("dropped", "answer_missing", ""),
    }
    (row,) = read_records(next((out / "data/rl").glob("*.parquet")))
    assert (row["source"], row["difficulty"]["pass_rate"], row["difficulty"]["n_judged"]) == ("riddles", 0.5, 2)
    lock = yaml.safe_load((out / "manifest.lock.yaml").read_text())["manifest"]
    assert lock["plugins"] == ["stranger"]
    assert lock["rl"]["sources"][0]["path"] == str(recipe.parent / "riddles.jsonl")
    assert lock["rl"]["filters"] == [{"kind": "no_shouting", "max_share": 0.4}]
    assert "the reward on this build's golds" in curate(tmp_path, "certify", str(out))
    again = ["build", str(recipe), "--out", str(out), "--dry-run"]
    assert curate(tmp_path, *again) == "rl: finished, nothing would run\n"
    write(recipe.parent, MODULE, [*RIDDLES, {"riddle": "What echoes when it is called?", "answer": "echo"}])
    assert curate(tmp_path, *again).startswith("rl: would run\n  01-rl-collect                to run")


@pytest.mark.slow
def test_a_reward_kind_of_the_module_judges_rows(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(
        recipe.parent, MODULE, [{"riddle": "What is ohce the other way round?", "answer": "ohce", "kind": "reversed"}]
    )
    curate(tmp_path, "build", str(recipe), "--out", str(out))
    (row,) = read_records(next((out / "data/rl").glob("*.parquet")))
    assert (row["answer_kind"], row["difficulty"]["pass_rate"]) == ("reversed", 0.5)
    assert "reversed" in curate(tmp_path, "certify", str(out))
    assert "cba" in curate(recipe.parent, "kinds", "reversed", "--plugins", "stranger")


@pytest.mark.slow
def test_the_module_is_listed_and_shown(recipe: Path, tmp_path: Path) -> None:
    assert "Riddles with one-word answers" in curate(recipe.parent, "sources", "--plugins", "stranger")
    shown = curate(tmp_path, "sources", "riddles", "--plugins", str(recipe.parent / "stranger.py"))
    assert "path: text, required\n    One JSON object a line, {riddle, answer}.\n" in shown
    assert "    - {kind: riddles, path: riddles.jsonl}" in shown
    assert "riddles" in curate(recipe.parent, "schema", "--plugins", "stranger")
    assert curate(tmp_path, "sources", "riddle").startswith("1: ovr-curate: sources: unknown kind 'riddle'; known: ")
    assert "module 'strange': ModuleNotFoundError" in curate(tmp_path, "filters", "--plugins", "strange")


def test_a_manifest_whose_module_cannot_be_imported_is_one_line(recipe: Path, tmp_path: Path) -> None:
    recipe.write_text(yaml.safe_dump({**MANIFEST, "plugins": ["strange"]}))
    message = curate(tmp_path, "build", str(recipe), "--out", str(tmp_path / "out"))
    assert (
        message == f"1: ovr-curate: {recipe}: plugins: module 'strange': ModuleNotFoundError: No module named 'strange'"
    )


# ---- the plugins that ship -----------------------------------------------------------------------------------------------------------

SHIPPED = [(command, kind) for command in PLACES for kind in plugins_of(command)]


@pytest.mark.parametrize(("command", "kind"), SHIPPED)
def test_the_example_of_every_plugin_loads(command: str, kind: str) -> None:
    plugin: type[BaseModel] = plugins_of(command)[kind]
    example = example_of(plugin)
    if command == "kinds":
        rule = Rule.model_validate(example)
        assert type(rewards.make_verifier("1", rule.kind, rule.options).kind) is plugin
    else:
        base = next(base for base in plugin.__mro__ if Plugin in base.__bases__)
        assert type(TypeAdapter(Annotated[base, ByKind(base)]).validate_python(example)) is plugin


@pytest.mark.parametrize(("command", "kind"), SHIPPED)
def test_every_option_is_shown(command: str, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, kind]) == 0
    shown = capsys.readouterr().out
    plugin = plugins_of(command)[kind]
    for option, field in plugin.model_fields.items():
        assert option == "kind" or f"\n{option}: " in shown
        texts = [field.description, *(texts_of(base).get(option) for base in plugin.__mro__)]
        assert option == "kind" or any(texts)
        assert option == "kind" or " ".join(next(filter(None, texts)).split()) in " ".join(shown.split())


def test_the_schema_knows_every_shipped_manifest(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import jsonschema

    monkeypatch.setenv("OVR_REAL_DATA", "/data")
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in (Path(__file__).parents[2] / "manifests").rglob("*.yaml"):
        if "\n  sources:" in path.read_text():
            load_manifest(path)
            raw = yaml.load(path.read_text(), _Included)
            validator.validate(raw)
            raw["rl" if "rl" in raw else "cold_start"]["sources"][0]["no_such_option"] = 1
            assert not validator.is_valid(raw)


class _Included(yaml.SafeLoader):
    """YAML in which `!include` is a list of one evaluation set."""


_Included.add_constructor(
    "!include", lambda loader, node: [{"kind": "table", "path": "x", "fields": {"question": "q"}}]
)
