"""The process of the last tier: the client that starts it and asks, the server that forks judges."""
