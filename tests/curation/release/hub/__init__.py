"""A Hub on this machine that the real clients push to and load from. Its protocol is what they speak; `server.py` is the page to begin with."""
