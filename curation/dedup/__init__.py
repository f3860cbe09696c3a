"""Duplicates: rows are signed one by one, the signatures are clustered, and one row of a cluster stays."""

from curation.dedup.clusters import cluster_name, find_clusters, find_copies
from curation.dedup.decide import DecideDuplicates
from curation.dedup.options import Dedup
from curation.dedup.search import Clusters, ClusterSearch, DecideClusters
from curation.dedup.sign import SignRows

__all__ = [
    "ClusterSearch",
    "Clusters",
    "DecideClusters",
    "DecideDuplicates",
    "Dedup",
    "SignRows",
    "cluster_name",
    "find_clusters",
    "find_copies",
]
