"""What share of the rows of a finished set may be wrong: by cause, in all, and how it is reckoned."""
