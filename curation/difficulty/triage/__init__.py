"""What the ends of the pass rate mean: wrong golds, pictures that nobody needs."""
