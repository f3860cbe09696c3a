"""Our reward inside an export, for libraries that cannot be in one environment with `ovr-curate`: they need `openai` 2, it needs 3."""

from importlib import metadata
from pathlib import Path

import rewards
from curation.release.export.folder import Folder

NEEDED = ("antlr4-python3-runtime", "latex2sympy2-extended", "math-verify", "python-flint", "reasoning-gym", "sympy")
"""What `rewards` judges with."""


def bundle_rewards(folder: Folder, under: str = "") -> None:
    """Copy `rewards`, which judged the rows here, into the export."""
    home = Path(rewards.__file__).parent
    for source in sorted(home.rglob("*.py")):
        folder.text(f"{under}rewards/{source.relative_to(home).as_posix()}", source.read_text(encoding="utf-8"))


def requirements() -> list[str]:
    """What it needs, in the versions that judged the rows here."""
    return [*(f"{name}=={metadata.version(name)}" for name in NEEDED), "pydantic>=2.12,<3"]
