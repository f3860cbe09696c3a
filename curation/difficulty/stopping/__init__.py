"""When has a prompt been sampled enough? Rules that a manifest chooses by `kind`: `fixed`, `exact`, `bayes`."""
