"""From a manifest to shards: the plan, the build that runs it, the summary."""
