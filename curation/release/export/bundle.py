"""Our reward inside an export: `verifier/rewards`, as it judged the rows here, and what it needs.

A trainer's environment can seldom have `ovr-curate` as well: verifiers and NeMo Gym need `openai` 2 where it needs 3, ms-swift an older
`datasets`, verl's hydra an older `antlr4`. The reward alone needs none of these, and is then the one that measured the pass rates.
"""

from importlib import metadata
from pathlib import Path

import rewards
from curation.release.export.folder import Folder

NEEDED = ("latex2sympy2-extended", "math-verify", "python-flint", "reasoning-gym", "sympy")
"""What `rewards` judges with; the parser's runtime, antlr4, is the one that the trainer has."""
HOME = "verifier"
IMPORT = f"""import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "{HOME}"))
"""
"""The head of a script beside the bundle, which makes `rewards` importable and nothing else."""
INSTALL = f"pip install -r {HOME}/requirements.txt\n"


def bundle_rewards(folder: Folder, under: str = "") -> None:
    """Copy `rewards` into the export, with its requirements."""
    home = Path(rewards.__file__).parent
    for source in sorted(home.rglob("*.py")):
        name = source.relative_to(home).as_posix()
        folder.text(f"{under}{HOME}/rewards/{name}", source.read_text(encoding="utf-8"))
    folder.text(f"{under}{HOME}/requirements.txt", "\n".join([*requirements(), ""]))


def requirements() -> list[str]:
    """What it needs, in the versions that judged the rows here."""
    return [*(f"{name}=={metadata.version(name)}" for name in NEEDED), "pydantic>=2.11,<3"]
