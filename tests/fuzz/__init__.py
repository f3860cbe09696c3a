"""Inputs that nobody wrote down, by Hypothesis: what is read, what is judged, what is shown. `make fuzz`, and a slice of it in the suite."""
