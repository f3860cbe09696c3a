"""ovr-train: a thin TRL trainer over curated shards. It knows curation only through the Parquet columns."""
