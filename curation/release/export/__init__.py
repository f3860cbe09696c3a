"""`ovr-curate export`: the rows in the form that another trainer reads, a file for each."""
