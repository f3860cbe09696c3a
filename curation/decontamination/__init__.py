"""Decontamination: rows that stand in an evaluation set, in other words, with other numbers or by their picture, are found and convicted.

`benchmarks` indexes the evaluation sets, `scan` looks at every row in parallel, `decide` weighs what was found over the whole corpus.
"""
