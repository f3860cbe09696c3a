"""`report.html`: one page that a browser shows from the file alone, on any machine, for as long as HTML is read.

    write_report(open_dataset(Path("build/quickstart")))

jinja2 makes it, because it escapes by default and fails on a name that it does not know. Rows are hostile text: what is shown of them
passes `shown_text`, the page has a content policy under which nothing but its own style and script, named by their hashes, has any
effect, and nothing is loaded. The same folder makes the same bytes.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from curation import __version__
from curation.core.digests import source_digest
from curation.core.parquet import write_text
from curation.core.plugins import known_plugins
from curation.release.dataset import Dataset
from curation.release.report import sections as shipped
from curation.release.report.section import Page, Section
from curation.release.report.text import FILTERS, shown_text

REPORT = "report.html"
DOCUMENTS = ("summary.json", "manifest.lock.yaml", "error_budget.json", "certificate.json", "loss.json")
"""What the page depends on: rows and evidence are those of the build that the summary names."""
TEMPLATES = Path(__file__).parent / "templates"


class Made(NamedTuple):
    """A section as the page shows it."""

    kind: str
    title: str
    body: Markup


def write_report(dataset: Dataset, out: Path | None = None, *, again: bool = True) -> Path:
    """Write the page into the data set's folder, or to `out`. Unless `again`, a page that is there and was made of the same build by the
    same code stays as it is."""
    path = out or dataset.path / REPORT
    digest = report_digest(dataset)
    if again or digest_of_page(path) != digest:
        write_text(path, render(dataset, digest))
    return path


def render(dataset: Dataset, digest: str) -> str:
    """The page as HTML."""
    page = Page(int(dataset.manifest["seed"]))
    environment = make_environment()
    made, missing = [], []
    for section in known_sections():
        facts = section.facts(dataset, page)
        if facts is None:
            continue
        if facts.keys() == {"missing"}:
            missing.append((section.title, facts["missing"]))
            continue
        html = environment.get_template(f"{section.kind}.html").render(facts=facts)
        made.append(Made(section.kind, section.title, Markup(html)))
    style, script = (Markup(part(name)) for name in ("style.css", "script.js"))
    return environment.get_template("base.html").render(
        name=dataset.summary["name"],
        build=dataset.summary["build"],
        sections=made,
        missing=missing,
        digest=digest,
        version=__version__,
        style=style,
        script=script,
        policy=content_policy(style, script),
    )


def known_sections() -> list[Section]:
    """The sections in the order of the page."""
    import importlib
    import pkgutil

    for module in sorted(pkgutil.iter_modules(shipped.__path__), key=lambda m: m.name):
        importlib.import_module(f"{shipped.__name__}.{module.name}")
    kinds = known_plugins(Section)
    return sorted((plugin(kind=kind) for kind, plugin in kinds.items()), key=lambda s: (s.place, s.kind))


def make_environment() -> jinja2.Environment:
    """Where templates are rendered: everything is escaped, an unknown name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=shown_text,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    return environment


@cache
def part(name: str) -> str:
    """A file of `templates/` that goes into the page as it is."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def content_policy(style: str, script: str) -> str:
    """What the page may do: show images that it holds, apply this style, run this script."""
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script))
    style_hash, script_hash = (f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; img-src data:; style-src {style_hash}; script-src {script_hash};"
        " base-uri 'none'; form-action 'none'"
    )


def report_digest(dataset: Dataset) -> str:
    """What the page is made of, as a digest: the documents of the folder, which evidence is there, the code."""
    digest = hashlib.sha256(_code_digest().encode())
    for name in DOCUMENTS:
        file = dataset.path / name
        digest.update(f"{name}\0".encode() + (file.read_bytes() if file.is_file() else b"") + b"\0")
    digest.update(json.dumps(sorted(_evidence(dataset))).encode())
    return digest.hexdigest()[:32]


def _evidence(dataset: Dataset) -> Iterator[str]:
    yield from (path.name for path in dataset.path.glob("*.parquet"))
    yield from (name for name in ("stages", "rollouts") if (dataset.path / name).is_dir())


@cache
def _code_digest() -> str:
    import curation

    templates = "".join(f"{path.name}\0{part(path.name)}\0" for path in sorted(TEMPLATES.iterdir()))
    return source_digest([curation]) + hashlib.sha256(templates.encode()).hexdigest()


def digest_of_page(path: Path) -> str | None:
    """The digest that a page was made with; None where there is no page."""
    mark = b'<meta name="ovr-report" content="'
    try:
        with path.open("rb") as file:
            _, found, rest = file.read(4096).partition(mark)
    except OSError:
        return None
    return rest[:32].decode("ascii", "replace") if found else None


def template_facts(kind: str, facts: dict[str, Any]) -> str:
    """A section's template rendered alone, for who tests one."""
    return make_environment().get_template(f"{kind}.html").render(facts=facts)
