"""The rows that a trainer reads: shards, their order, packing."""
