"""Duplicates: rows are signed one by one, the signatures are clustered, and one row of a cluster is kept."""

from curation.dedup.clusters import find_clusters, find_copies
from curation.dedup.options import Dedup

__all__ = ["Dedup", "find_clusters", "find_copies"]
