"""The error budget: what share of the rows may be wrong, by cause, with its interval."""
