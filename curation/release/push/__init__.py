"""`ovr-curate push`: release a set to the Hugging Face Hub."""
