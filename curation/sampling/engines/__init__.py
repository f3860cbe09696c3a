"""Engines, one file each: a request goes in, sampled responses come out."""
