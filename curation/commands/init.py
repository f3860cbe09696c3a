"""`ovr-curate init DATA_OR_HUB_NAME [--config C] [--split S] [--out FILE]`: look at a data set and write its manifest.

What is written was read: the first rows go through the table that the manifest describes, and what came of them is in its comments.
Standard output is the manifest; standard error says what a hand must do.
"""

import re
import sys
import tempfile
from pathlib import Path

from curation.build.load import load_manifest
from curation.core.errors import CurationError
from curation.init.find import guesses_of, hub_parts
from curation.init.look import find_parts
from curation.init.plain_text import texts_below
from curation.init.write import manifest_text


def init(data: str, out: Path | None, config: str | None, split: str | None, force: bool) -> None:
    """Write a manifest for a file, folder, archive or Hub name.

    Raises:
        CurationError: nothing that can be read, nothing that looks like questions, or `out` exists.
    """
    if out and out.exists() and not force:
        raise CurationError(f"{out} exists; --force writes over it")
    path = Path(data).expanduser()
    is_hub = not path.exists() and re.fullmatch(r"[\w.-]+/[\w.-]+", data) is not None
    parts = hub_parts(data, config, split) if is_hub else find_parts(path.absolute())
    folder = None if is_hub else path.absolute() if path.is_dir() else path.absolute().parent
    guesses, skipped = guesses_of(parts, folder)
    if folder:
        skipped += texts_below(path.absolute(), {file for part in parts for file in part.files})
    if not guesses:
        raise CurationError(f"{data}: nothing there looks like questions; " + "; ".join(skipped)[:600])

    def text(base: Path) -> str:
        return manifest_text(data if is_hub else str(path), guesses, skipped, base)

    with tempfile.TemporaryDirectory() as temporary:
        (trial := Path(temporary) / "manifest.yaml").write_text(text(trial.parent), encoding="utf-8")
        load_manifest(trial)
    written = text(out.absolute().parent if out else Path.cwd())
    if out:
        out.write_text(written, encoding="utf-8")
    else:
        print(written, end="")
    for one in guesses:
        for what in one.hand:
            print(f"by hand: {one.part.name}: {what}", file=sys.stderr)
    for one_skipped in skipped:
        print(f"skipped: {one_skipped}", file=sys.stderr)
