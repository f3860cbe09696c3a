"""The dataset card, its Croissant metadata, and what was left out, by content hash."""
