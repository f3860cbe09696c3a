"""Who may import whom: curation -> rewards <- training -> curation.sampling, and the rooms inside curation."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("curation", "rewards", "training")


def imports(folder: str) -> Iterator[tuple[str, str]]:
    """Every file of a folder of the project with every module of the project that it names."""
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files, f"{folder} has no files"
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file}: a relative import"
                modules = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            for module in modules:
                if module.partition(".")[0] in PACKAGES:
                    yield file.relative_to(ROOT).as_posix(), module


def is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("rewards", ("rewards",)),
        ("training", ("training", "rewards", "curation.sampling", "curation.core")),
        ("curation", ("curation", "rewards")),
        ("curation/core", ("curation.core", "rewards")),
        ("curation/sampling", ("curation.sampling", "curation.core", "rewards")),
    ],
)
def test_a_package_imports_only_what_it_may(folder: str, allowed: tuple[str, ...]) -> None:
    assert [(file, module) for file, module in imports(folder) if not is_in(module, allowed)] == []


def test_no_reward_and_no_trainer_can_ask_a_judge() -> None:
    """A model's word on an answer is for data: what pays a policy for an answer is a rule. What they import of ours does not reach one."""
    reached = ("rewards", "training", "curation/sampling", "curation/core")
    asking = [
        (file, module) for folder in reached for file, module in imports(folder) if is_in(module, ("curation.judging",))
    ]
    assert asking == []
    code = "import sys, rewards.score, rewards.adapters.trl, rewards.adapters.verl, curation.sampling.sample_cached; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not [module for module in done.stdout.split() if is_in(module, ("curation.judging",))]


def test_only_commands_import_the_build() -> None:
    may = ("curation/build/", "curation/commands/", "curation/cli.py")
    builders = [(file, module) for file, module in imports("curation") if is_in(module, ("curation.build",))]
    assert builders
    assert [(file, module) for file, module in builders if not file.startswith(may)] == []


def test_rewards_have_no_import_cycle() -> None:
    """Functions' imports included; `from a import b` names a and may name a.b."""
    graph: dict[str, set[str]] = {}
    for file, module in imports("rewards"):
        graph.setdefault(name_of(file), set()).update({module, module.rpartition(".")[0]})
    modules = {name_of(file.relative_to(ROOT).as_posix()) for file in (ROOT / "rewards").rglob("*.py")}
    graph = {name: (found & modules) - {name} for name, found in graph.items()}
    TopologicalSorter(graph).prepare()  # CycleError names the modules


def name_of(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
