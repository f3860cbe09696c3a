"""Steps that drop rows one by one: a filter of the manifest, the licences of the release."""

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

from curation.core.ledger import LedgerWriter
from curation.core.row import from_document
from curation.filters.base import Filter, Judgement
from curation.release.licences import Release


class FilterRows(BaseFilter):  # type: ignore[misc]
    """One of the manifest's filters; what it drops goes to the ledger under its reason."""

    def __init__(self, spec: Filter, ledger: LedgerWriter) -> None:
        super().__init__(exclusion_writer=ledger)
        self.spec = spec
        self.name = spec.kind

    def filter(self, doc: Document) -> Judgement:
        return self.spec.judge(from_document(doc))


class KeepLicensed(BaseFilter):  # type: ignore[misc]
    """Drops rows that the release may not hold."""

    name = "licence"

    def __init__(self, release: Release, ledger: LedgerWriter) -> None:
        super().__init__(exclusion_writer=ledger)
        self.release = release

    def filter(self, doc: Document) -> Judgement:
        license = from_document(doc).license
        if self.release.allows(license):
            return True
        doc.metadata["filter_detail"] = license
        return False, "license_not_allowed"
