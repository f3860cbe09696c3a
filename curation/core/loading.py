"""Models of transformers are loaded one after the other: it changes its classes while it loads one (`no_tie_weights`), and two loads at
once, in threads of one process, leave them so. What is loaded behind them has heads without weights.
"""

import threading

LOADING = threading.Lock()
