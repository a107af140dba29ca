"""Engines whose threads are gone after a fork."""

from __future__ import annotations

import os


class HomeProcess:
    """The process that loaded a network; only its threads can run it.

    A forked process has the engine's locks and queues, but not the threads
    that serve them: it may wait for ever.
    """

    def __init__(self) -> None:
        self._id = os.getpid()

    def __reduce__(self) -> tuple[type[HomeProcess], tuple[()]]:
        # unpickled elsewhere, a network is loaded there
        return HomeProcess, ()

    def check(self, source: str) -> None:
        """Refuse to run elsewhere.

        Args:
            source: The network, for the error.

        Raises:
            RuntimeError: If this process was forked from it.
        """
        if os.getpid() != self._id:
            raise RuntimeError(
                f'{source} was loaded before this process was forked, and '
                f"its engine's threads were not: load it in each worker "
                f'(gunicorn without --preload; multiprocessing.Pool with '
                f'initializer=, or of the context "spawn"; a data loader\'s '
                f'worker_init_fn)'
            )
