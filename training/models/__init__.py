"""What is done to models: the vision side frozen, mixed batches, averages, adapters."""
