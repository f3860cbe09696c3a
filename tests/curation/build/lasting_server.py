"""For the server of workers, which imports this: a client that is killed while it hands over its pipes does not end it.

CPython's `recvfds` raises EOFError then, which ends `multiprocessing.forkserver`; of a connection that was aborted it takes no notice.
"""

from errno import ECONNABORTED
from multiprocessing import reduction
from socket import socket

_recvfds = reduction.recvfds


def recvfds(sock: socket, size: int) -> list[int]:
    try:
        return _recvfds(sock, size)
    except EOFError as error:
        raise ConnectionAbortedError(ECONNABORTED, "the client was killed") from error


reduction.recvfds = recvfds
