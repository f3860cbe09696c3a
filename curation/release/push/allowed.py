"""Which rows may be published, by their licences: what the manifest's `release` allows, or what may be passed on by anybody."""

import re
from collections import Counter

from curation.core.errors import BuildError, PushError
from curation.core.words import counted
from curation.release.dataset import Dataset
from curation.release.licence_names import asks, licence_name
from curation.release.licences import Release, refused_rows

OPEN = re.compile(
    r"(mit(-0)?|apache(-license)?-2(\.0)?|isc|unlicense|zlib|0bsd|bsd(-[234]-clause)?|wtfpl|afl-3\.0|artistic-2\.0|bsl-1\.0|ms-pl|pddl(-1\.0)?"
    r"|(a|l)?gpl-?[23](\.\d)?(-only|-or-later)?|lgpl-2\.1(-only|-or-later)?|mpl-2\.0|epl-[12]\.0|eupl-1\.[12]"
    r"|cc0(-1\.0)?|cc-by(-nc)?(-sa)?(-\d\.\d)?|odc-by(-1\.0)?|odbl(-1\.0)?|cdla-(permissive|sharing)-\d\.\d)"
)
"""Licences, in small letters, under which copies may be passed on. Not those without derivatives (ND): a curated row is one."""


def check_licences(dataset: Dataset) -> list[str]:
    """Make sure that every row may be published; returns what is to be said of them.

    Raises:
        PushError: rows of which sources may not, how many, and by which option they could.
    """
    notes = []
    given = dataset.manifest.get("release")
    release = Release.model_validate(given) if given else None
    for config in dataset.configs:
        counts = Counter((row["source"], row["license"]) for row in dataset.records(config, ["source", "license"]))
        if release:
            try:
                release.check(config, counts)
            except BuildError as error:
                raise PushError(str(error)) from error
        elif refused := refused_rows(counts, is_open):
            raise PushError(
                f"{config}: {refused}; leave these sources out, state their `license`, or allow it by name with"
                " `release: {allow: [...]}` in the manifest and build again"
            )
        if restricted := sum(n for (_, licence), n in counts.items() if asks(licence, "non-commercial")):
            notes.append(
                f"{config}: not to be used commercially (NC): {restricted:,} of {counted(counts.total(), 'row')}"
            )
    return notes


def is_open(licence: str) -> bool:
    """Whether copies under a licence may be passed on.

    >>> is_open("CC BY-NC-SA 4.0"), is_open("CC-BY-ND-4.0"), is_open(""), is_open("MIT AND unknown")
    (True, False, False, False)
    """
    parts = re.split(r"\s+AND\s+", licence_name(licence).casefold(), flags=re.IGNORECASE)
    return all(OPEN.fullmatch(part.strip()) for part in parts)
