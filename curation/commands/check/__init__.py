"""`ovr-curate check DIR`: everything that can be wrong with a data set, looked for in its files. One kind of defect, one file.

A check says what it found (`Finding`), what it looked at (`Looked`) and what it could not look at and why (`Skipped`); none raises for what
it finds, so that one call shows every defect. A check of rows sees one row at a time and keeps nothing, so rows are shared out over
processes; what needs all rows at once reads the columns that it needs. See docs/check.md.
"""

from curation.commands.check.report import check, examine

__all__ = ["check", "examine"]
