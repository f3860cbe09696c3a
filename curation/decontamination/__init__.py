"""Decontamination: rows that are in an evaluation set too, also in other words, with other numbers or by their image, are dropped.

`benchmarks` indexes the evaluation sets, `scan` collects every row's candidates in parallel, `decide` matches them over the whole corpus.
"""
