"""What the ends of the pass rate mean: wrong golds, images that are not needed."""
