"""ovr-curate: from a manifest, through a datatrove pipeline, to Parquet shards that a trainer can trust."""

__version__ = "0.1.0"
