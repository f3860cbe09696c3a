"""What is checked before a run trains: one check a file."""
