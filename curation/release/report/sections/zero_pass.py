"""The rows of which no sample was right: is it the gold, the verifier, or is the question hard?"""

from typing import Any, Literal

from curation.core.parquet import read_records
from curation.release.dataset import Dataset
from curation.release.report.intervals import rate
from curation.release.report.section import Page, Section

CLASSES = {
    "suspect_gold": "Suspect gold",
    "unread_answer": "Verifier's residue",
    "no_answer": "No answer given",
    "hard": "Hard",
    "truncated": "Cut off",
    "unjudged": "Not judged",
    "unsampled": "Not sampled",
}
"""What a row without a right sample can be (`difficulty.triage`), in the words of the page."""
COLUMNS = [
    "config",
    "id",
    "source",
    "source_id",
    "question",
    "gold",
    "agreed_answer",
    "n_answered",
    "n_correct",
    "n_agreed",
]
EXAMPLES = 6


class ZeroPass(Section):
    """What the rows without a right sample are, by source, and, of a build, the evidence against some golds."""

    kind: Literal["zero_pass"] = "zero_pass"
    title, place = "Rows that were never solved", 45

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        summary = dataset.summary["configs"].get("rl", {})
        if "pass_rates" not in summary:
            return None
        counts = summary.get("zero_pass")
        if counts is None:
            return {"missing": "This build is of a version that did not say what its unsolved rows are; build again."}
        shown = [name for name in CLASSES if any(of_source.get(name) for of_source in counts.values())]
        came_in = {name: source["in"] for name, source in summary["sources"].items()}
        total = {name: sum(of_source.get(name, 0) for of_source in counts.values()) for name in ("rows", *shown)}
        return {
            "rows": total["rows"],
            "classes": [
                {"class": CLASSES[name], "rows": total[name], "share": rate(total[name], total["rows"])}
                for name in shown
            ],
            "columns": [
                ["source", "Source", "text"],
                ["rows", "Never solved", "count"],
                ["share", "Of what came in", "bar"],
            ]
            + [[name, CLASSES[name], "count"] for name in shown]
            + [["kept", "Kept all the same", "count"]],
            "sources": [
                {
                    "source": source,
                    "rows": of_source["rows"],
                    "share": rate(of_source["rows"], came_in.get(source, of_source["rows"])),
                    **{name: of_source.get(name, 0) for name in shown},
                    "kept": sum(n for name, n in of_source.items() if name.endswith("_kept")),
                }
                for source, of_source in sorted(counts.items())
            ],
            "evidence": _evidence(dataset),
        }


def _evidence(dataset: Dataset) -> list[dict[str, Any]]:
    """The strongest cases against a gold or the judge, with their texts; a released set has none of them."""
    path = dataset.file("suspect_gold.parquet") if dataset.is_build else None
    if path is None:
        return []
    known = [*COLUMNS, "probability", "mark", "judge"]
    likeliest = sorted(
        (
            (-(line["probability"] or 0.0), line["id"], number)
            for number, line in enumerate(read_records(path, ["probability", "id"], 10_000))
        )
    )[:EXAMPLES]
    wanted = {number: place for place, (_, _, number) in enumerate(likeliest)}
    found = {wanted[number]: line for number, line in enumerate(read_records(path, known, 1_000)) if number in wanted}
    return [
        {**found[place], "mark": CLASSES.get(found[place]["mark"], found[place]["mark"].replace("_", " "))}
        for place in sorted(found)
    ]
