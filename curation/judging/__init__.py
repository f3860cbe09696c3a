"""Asking a model about rows, in a fixed form: a judge through any engine and the rollout store."""
