"""`ovr-curate push`: a finished build as a data set on the Hub. `push.py` is the page to begin with."""
