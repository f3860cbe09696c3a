"""Licences by the Hub's identifiers. A set is never given one that a row of it does not have."""

from collections.abc import Iterable
from typing import Any

from curation.release.licence_names import UNKNOWN, licence_name

HUB_LICENCES = {
    "agpl-3.0", "apache-2.0", "bsd", "bsd-2-clause", "bsd-3-clause", "bsl-1.0", "c-uda", "cc", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0",
    "cc-by-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0",
    "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc0-1.0", "cdla-permissive-1.0",
    "cdla-permissive-2.0", "cdla-sharing-1.0", "ecl-2.0", "epl-1.0", "epl-2.0", "eupl-1.1", "eupl-1.2", "gfdl", "gpl", "gpl-2.0", "gpl-3.0",
    "isc", "lgpl", "lgpl-2.1", "lgpl-3.0", "lppl-1.3c", "mit", "mpl-2.0", "ms-pl", "ncsa", "odbl", "odc-by", "ofl-1.1", "osl-3.0", "pddl",
    "postgresql", "unlicense", "wtfpl", "zlib",
}  # fmt: skip
"""https://huggingface.co/docs/hub/repositories-licenses"""
RENAMED = {"odbl-1.0": "odbl", "odc-by-1.0": "odc-by", "pddl-1.0": "pddl", "gfdl-1.3": "gfdl"}


def hub_licence(licence: str) -> str:
    """The Hub's identifier of a licence; `unknown` where a row states none, `other` where the Hub has none.

    >>> hub_licence("CC BY-SA 4.0"), hub_licence("GPL-3.0-only"), hub_licence("")
    ('cc-by-sa-4.0', 'gpl-3.0', 'unknown')
    """
    name = licence_name(licence).casefold().removesuffix("-only")
    name = RENAMED.get(name, name)
    return name if name in (*HUB_LICENCES, UNKNOWN) else "other"


def licence_of_set(licences: Iterable[str]) -> dict[str, Any]:
    """The card's keys for the licences of all rows: one for all, or `other` with the name that sends to the table of sources."""
    found = {hub_licence(licence) for licence in licences}
    if len(found) == 1 and (one := found.pop()) != "other":
        return {"license": one}
    return {"license": "other", "license_name": "see-the-table-of-sources"}
