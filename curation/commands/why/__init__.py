"""`ovr-curate why DIR ID`: a row's whole life, from the record that it was read from to where it is or why it ended."""

from curation.commands.why.show import Asked, why

__all__ = ["Asked", "why"]
