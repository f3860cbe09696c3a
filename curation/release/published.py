"""What the stages of a build have published: a list that the build writes before the first of the files, and a release is held to."""

import json
from pathlib import Path

from curation.core.errors import BuildError, first_line

PUBLISHED = Path("stages") / "published.json"


def published(out: Path) -> list[str]:
    """The names of what a build has published.

    Raises:
        BuildError: their list is missing, or cannot be read.
    """
    try:
        names = json.loads((out / PUBLISHED).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BuildError(
            f"{out / PUBLISHED}: missing; the build did not end, or was copied in part. Run the same `build` again"
        ) from None
    except (OSError, ValueError) as error:
        raise BuildError(
            f"{out / PUBLISHED}: cannot be read: {first_line(error)}. Remove it, and run the same `build` again"
        ) from error
    if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise BuildError(f"{out / PUBLISHED}: expected a list of names. Remove it, and run the same `build` again")
    return names
