"""A manifest from a look at the data: what there is, which field is what, which reading gives most rows, and what is unsure."""
