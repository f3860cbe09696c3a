"""What the workers' server imports before it forks them: a worker that finds it there starts in milliseconds."""

import gc

import datasets  # noqa: F401 - shards are written with its features
import datatrove.executor  # noqa: F401 - runs every task

import curation.build.plan  # noqa: F401
from curation.core.plugins import known_plugins
from curation.filters.base import Filter
from curation.sources.base import Source

known_plugins(Source), known_plugins(Filter)
gc.collect()
gc.freeze()  # a worker's collector then leaves the pages alone that it shares with the server
