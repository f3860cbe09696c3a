"""`ovr-curate diff DIR1 DIR2`: which rows one set has and the other has not, what changed in those of both, by which stage and why."""
