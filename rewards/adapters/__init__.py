"""The reward in the shapes that trainers call."""
