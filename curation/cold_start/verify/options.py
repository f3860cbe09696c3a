"""The options of a trace's verification."""

from pydantic import Field

from curation.core.plugins import Options


class Verify(Options):
    """What becomes of traces that are correct without a box, and of those that nothing could judge."""

    append_box: bool = False
    """true: a trace that is correct without a box gets `\\boxed{}` with what it states at its end, noted in its provenance; the filter
    `trace_format` then asks for the box behind this stage. The paper's reward reads the box (3.2), so that is the form to teach."""
    max_unjudged: float | None = Field(default=None, ge=0, le=1)
    """Largest share of the set that may be `cannot_judge` or `no_gold`, where `keep_verified` keeps such rows; those above it drop as
    `unjudged_over_cap`, chosen by a hash of the seed and the row's id. It is met before the mixture, whose `caps` by `verified` are shares
    of its target. null: all stay."""
