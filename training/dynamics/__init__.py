"""What a run left behind, drawn."""
