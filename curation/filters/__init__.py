"""Reasons to drop a row: one file a filter."""
