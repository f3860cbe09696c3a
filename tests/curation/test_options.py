"""`ovr-curate options`: every part with every option, found by its name, each with a text."""

from collections.abc import Iterator

import pytest

from curation.cli import main
from curation.commands.model_options import Option, options_of
from curation.commands.parts import PARTS, Part
from curation.commands.plugins import PLACES, plugins_of

SHIPPED = [(command, kind) for command in PLACES for kind in plugins_of(command)]
"""Taken while tests are collected: plugins that other tests load in this process are not among them."""


def every_option() -> Iterator[tuple[str, Option]]:
    for part in PARTS:
        yield from ((part.name, option) for option in part.options())
    for command, kind in SHIPPED:
        yield from ((f"{command} {kind}", option) for option in options_of(plugins_of(command)[kind]))


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["options", *arguments]) == 0
    return capsys.readouterr().out


def test_every_option_has_a_text() -> None:
    assert [f"{of}: {option.name}" for of, option in every_option() if not option.text] == []


def test_every_model_of_a_manifest_is_a_part() -> None:
    assert [(part.name, option.name) for part in PARTS for option in part.options() if "." in option.name] == []


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_is_shown_whole(part: Part, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, part.name)
    for option in part.options():
        assert f"\n{option.heading}\n    {option.text}" in text
    assert all(f"    {line}\n" in text for line in part.example.splitlines())


def test_without_a_name_every_part_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys)
    assert all(f" {name} " in text for name in (*(part.name for part in PARTS), *PLACES))


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("rl.difficulty.max_lost", ["rl.difficulty.max_lost: number (>= 0, <= 1) = 0.5", "        max_lost: 0.5"]),
        ("max_lost", ["rl.difficulty.max_lost: number (>= 0, <= 1) = 0.5"]),
        ("difficulty", ["rl.difficulty: How difficulty is measured", "stopping: options by kind = {kind: fixed}"]),
        ("rl.dedup", ["rl.dedup and cold_start.dedup: ", "near: true | false = true"]),
        ("max_gpu_hours", ["        max_gpu_hours: <number (> 0)>"]),
        ("temperature", ["rl.mixture.temperature: number (>= 1) = 1.0", "rl.difficulty.sampling.temperature: "]),
        ("rl.sources[0].limit", ["rl.sources[].limit: ", "Of sources (iconqa, reasoning_gym, table, "]),
        (
            "rl.difficulty.stopping.n_max",
            ["Of stopping (bayes).", "Of stopping (until).", "stopping: {kind: bayes, n_max: <integer (>= 1)>}"],
        ),
        ("rel_tol", ["rl.sources[].gold.rules[].options.rel_tol: ", "options: {rel_tol: 1.0e-06}"]),
        ("pictures", ["max_pictures: ", "Options of that name: rl.decontaminate.pictures, "]),
        ("name", ["name: text (matches ^[\\w.-]+$), required"]),
        ("vllm", ["vllm: vLLM without a server", "tensor_parallel_size: integer (>= 1) = 1"]),
    ],
)
def test_an_option_is_found_by_its_key_or_its_end(
    name: str, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(capsys, name)
    assert [line for line in lines if line not in text] == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rl.dificulty.max_lost", "nothing is called 'rl.dificulty.max_lost'; did you mean 'rl.difficulty.max_lost'"),
        ("triag", "nothing is called 'triag'; did you mean 'triage'"),
        ("mixture.over", "nothing is called 'mixture.over'; it is called 'group_by' now"),
        ("zzz", "nothing is called 'zzz'; the parts are manifest, rl, "),
    ],
)
def test_an_unknown_name_gets_the_nearest(name: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options", name]) == 1
    assert message in capsys.readouterr().err
