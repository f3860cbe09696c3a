"""Sampling responses from a model, once: engines, the rollout store and the pass rates measured through them.

Importing this package loads neither torch, vllm nor transformers; an engine does when it is opened.
"""
