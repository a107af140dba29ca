"""Work that is done ahead, by a thread, with a bounded queue.

Nesting :func:`ahead` makes a pipeline whose stages overlap: while one frame
is written the next is decoded, the one after it is in the network and another
is read. Order is kept, an error reaches the consumer where it would have
appeared without threads, and a slow stage stops those before it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar('T')


class _Buffer:
    """A bounded queue that either end can close."""

    def __init__(self, depth: int) -> None:
        self._items: deque = deque()
        self._depth = depth
        self._changed = threading.Condition()
        self._ended = self._stopped = False
        self._error: BaseException | None = None

    def put(self, item: object) -> bool:
        """Wait for room; False once the consumer has stopped."""
        with self._changed:
            self._changed.wait_for(
                lambda: len(self._items) < self._depth or self._stopped
            )
            if self._stopped:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def end(self, error: BaseException | None = None) -> None:
        """No more items; the consumer gets the error after the last."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def stop(self) -> None:
        """The consumer wants no more."""
        with self._changed:
            self._stopped = True
            self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._ended)
                if not self._items:
                    if self._error is not None:
                        raise self._error
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item


def ahead(items: Iterable[T], depth: int = 2) -> Iterator[T]:
    """The same items, made by a thread of its own.

    Args:
        items: Iterated in the thread; closed when the consumer stops early.
        depth: Most items that wait for the consumer.
    """
    buffer = _Buffer(depth)

    def work() -> None:
        iterator = iter(items)
        error: BaseException | None = None
        try:
            for item in iterator:
                if not buffer.put(item):
                    break
        except BaseException as raised:  # the consumer raises it
            error = raised
        try:
            if hasattr(iterator, 'close'):
                iterator.close()
        except BaseException as raised:
            error = error or raised
        buffer.end(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield from buffer
    finally:
        buffer.stop()
        thread.join()
