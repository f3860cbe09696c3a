"""curation -> rewards <- training, and nothing else: DESIGN's import direction. Inside rewards no module imports itself
through others.
"""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {"rewards": set(), "curation": {"rewards"}, "training": {"rewards"}}


def imported_modules(file: Path) -> Iterator[str]:
    """Every module that a file imports anywhere, functions included; `from a import b` may mean a.b."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_packages_import_only_what_they_may() -> None:
    for package, allowed in MAY_IMPORT.items():
        files = list((ROOT / package).rglob("*.py"))
        assert files
        for file in files:
            ours = {module.split(".")[0] for module in imported_modules(file)} & set(MAY_IMPORT)
            assert ours <= allowed | {package}, f"{file.relative_to(ROOT)} imports {ours}"


def test_rewards_have_no_import_cycle() -> None:
    files = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for file in (ROOT / "rewards").rglob("*.py")
    }
    graph = {name: (files.keys() & imported_modules(file)) - {name} for name, file in files.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(files)  # CycleError names the modules
