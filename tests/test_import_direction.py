"""curation -> rewards <- training, and nothing else: DESIGN's import direction."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {"rewards": set(), "curation": {"rewards"}, "training": {"rewards"}}


def test_packages_import_only_what_they_may() -> None:
    for package, allowed in MAY_IMPORT.items():
        files = list((ROOT / package).rglob("*.py"))
        assert files
        for file in files:
            for node in ast.walk(ast.parse(file.read_text())):
                modules = (
                    [a.name for a in node.names]
                    if isinstance(node, ast.Import)
                    else [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else []
                )
                ours = {module.split(".")[0] for module in modules} & set(MAY_IMPORT)
                assert ours <= allowed | {package}, f"{file.relative_to(ROOT)} imports {ours}"
