"""A small finished build of rows that would take over a page that showed them as they are."""

import json
from pathlib import Path
from typing import Any

import yaml

from tests.curation.conftest import run

ENGINE = '''
from contextlib import contextmanager
from typing import Literal

from curation.sampling.engines.base import Engine, Response, Sample, sample_seed


class Attacker(Engine):
    """Answers 3 or 4, and says more."""

    kind: Literal["attacker"] = "attacker"
    model: str = "<img src=x onerror=document.title='pwned'>"

    def identity(self):
        return self.model, "1"

    @contextmanager
    def open(self):
        yield self

    def generate(self, requests, options):
        for r in requests:
            for n in r.sample_numbers:
                seed = sample_seed(r.seed, r.key, n)
                text = "</blockquote><script>document.title='pwned'</script>" + "z" * 10_000 + rf" \\\\boxed{{{3 + seed % 2}}}"
                yield Response(r.key, (Sample(n, text, "stop", n_tokens=1, seed=seed),), prompt_tokens=0)
'''
HOSTILE = (
    "<script>document.title='pwned'</script>",
    "</script><script>document.title='pwned'</script>",
    "<!-- everything behind this is gone",
    "</style><style>*{display:none}</style>",
    '" onmouseover="document.title=\'pwned\'" x="',
    "' autofocus onfocus='document.title=1' y='",
    "<img src=http://127.0.0.1:9/x onerror=\"document.title='pwned'\">",
    "&lt;b&gt; &amp;amp; &#60;i&#62;",
    "\u202eright to left without an end",
    "שאלה بالعربية and back",
    "w" * 10_000,
    "bell \x07, escape \x1b[31m, delete \x7f, next line \x85",
    "{{ 7*7 }} {% raw %} {# gone #} ${7*7}",
    "]]> <![CDATA[ <svg onload=alert(1)>",
    "javascript:alert(1) data:text/html,<script>1</script>",
    "<details open ontoggle=alert(1)></details></li></ol></main>",
)


def hostile_build(folder: Path) -> Path:
    """The build's folder; every hostile text is a question, a part of a gold, of a source's id and of a domain, and what models say is
    hostile too."""
    (folder / "attacker.py").write_text(ENGINE)
    rows = [
        {"id": f"{number} {text[:60]}", "q": f"How much is {number} apples? {text}", "a": "3", "d": text[:40]}
        for number, text in enumerate(HOSTILE)
    ]
    rows += [{"id": f"long-{i}", "q": f"<b>{i}</b> " + "word " * 4000, "a": "3", "d": "m"} for i in range(8)]
    rows += [{"id": f"none-{i}", "q": f"What is <i>{i}</i>?", "a": "", "d": "m"} for i in range(2)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    table: dict[str, Any] = {
        "kind": "table",
        "name": "<script>document.title='pwned'</script>",
        "path": "rows.jsonl",
        "fields": {"question": "q", "answer": "a", "id": "id", "domain": "d"},
        "license": "<b>MIT</b>",
        "accept": ["one_gold", "bad_rows", "html_in_question", "code_in_question", "cut_questions"],
    }
    images = {
        "kind": "visual_puzzles",
        "name": "images",
        "families": ["count"],
        "levels": [1],
        "size": 112,
        "count": 12,
    }
    section = {
        "sources": [table, images],
        "splits": {"test": 0.2},
        "filters": [{"kind": "length", "max_chars": 12_000}],
        "difficulty": {"sampler": {"kind": "attacker"}, "n": 4, "min_pass_rate": None, "max_pass_rate": None},
    }
    manifest = {"name": "hostile", "seed": 4, "plugins": ["attacker"], "rl": section}
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    run(folder / "manifest.yaml", folder / "out")
    return folder / "out"
