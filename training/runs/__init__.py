"""What every training run does: checkpoints, resuming, signals, metrics, progress."""
