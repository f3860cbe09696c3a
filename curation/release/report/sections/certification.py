"""How often the verifier errs on golds restyled and on near misses, by source and kind of answer."""

from typing import Any, Literal

from curation.release.dataset import Dataset
from curation.release.report.intervals import rate
from curation.release.report.section import Page, Section


class Certification(Section):
    """The certificate of the rewards, as `ovr-curate certify` put it into the summary, with intervals."""

    kind: Literal["certification"] = "certification"
    title, place = "Error of the verifier", 120

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        if "rl" not in dataset.configs:
            return None
        if not (certificate := dataset.summary.get("certificate")):
            return {"missing": "The verifier was not tried on these golds: `ovr-curate certify DIR` does."}
        groups = [
            {
                "source": source,
                "kind": kind,
                **{
                    name: counts[name] for name in ("rows", "cases", "false_negatives", "false_positives", "not_judged")
                },
                "negatives": rate(counts["false_negatives"], counts["cases"]),
                "positives": rate(counts["false_positives"], counts["cases"]),
            }
            for source, kinds in sorted(certificate.items())
            for kind, counts in sorted(kinds.items())
        ]
        kept = dataset.summary["configs"]["rl"].get("kept", {}).get("source", {})
        return {
            "groups": groups,
            "total": {
                name: sum(group[name] for group in groups)
                for name in ("rows", "cases", "false_negatives", "false_positives", "not_judged")
            },
            "not_tried": sorted(kept.keys() - certificate.keys()),
        }
