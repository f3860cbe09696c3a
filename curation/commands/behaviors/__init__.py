"""`ovr-curate behaviors`: how often responses reason in which way, by model, with intervals, and what it goes with."""
