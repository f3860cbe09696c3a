"""The commands beside `build`, one file each."""
