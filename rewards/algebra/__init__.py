"""Answers as mathematics: cleaning, a small parser of the LaTeX that answers use, and proofs of equality and
inequality.

raw text -> `clean` -> `lexer` -> `parser` -> `reading` of a `tree.Node` -> `compare`, which asks `exact`, `ball`, `points`,
`realsets` and `units`. Nothing here evaluates text, every size is bounded before work is done on it, and no library
beyond python-flint is loaded.
"""
