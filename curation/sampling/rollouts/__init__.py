"""The rollout store: every sampled response and every verdict, once, in Parquet segments."""
