"""Rates of models on splits and benchmarks, with intervals, and with images taken away."""
