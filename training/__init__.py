"""ovr-train: a thin TRL trainer over curated shards. Of `curation` it knows their columns, and `curation.sampling` to evaluate."""
