"""Models that say how likely the tokens of a text are, one file each."""
