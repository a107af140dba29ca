"""Work that is done ahead, by a thread, with a bounded queue.

Nesting :func:`ahead` makes a pipeline whose stages overlap: while one frame
is written the next is decoded, the one after it is in the network and another
is read. Order is kept, an error reaches the consumer where it would have
appeared without threads, and a slow stage stops those before it. Who stops
early gets the errors of stopping, as without threads.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

T = TypeVar('T')


class _Buffer:
    """A bounded queue that either end can close."""

    def __init__(self, depth: int) -> None:
        self._items: deque = deque()
        self._depth = depth
        self._changed = threading.Condition()
        self._ended = self._stopped = False
        self.error: BaseException | None = None

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
            self._ended, self.error = True, error
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
                    if self.error is not None:
                        raise self.error
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item


def ahead(items: Iterable[T], depth: int = 2) -> Generator[T, None, None]:
    """The same items, made by a thread of its own.

    Args:
        items: Iterated in the thread; closed when the consumer stops early.
        depth: Most items that wait for the consumer.

    Closing it, or Ctrl-C while it waits, raises an error that the consumer
    has not got: of items that it did not take, or of closing theirs.
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
    except (GeneratorExit, KeyboardInterrupt):  # a wish, no error
        buffer.stop()
        thread.join()
        if buffer.error is not None:
            raise buffer.error  # noqa: B904, it has nothing to do with this
        raise
    finally:
        buffer.stop()
        thread.join()


@contextmanager
def closing(items: Generator) -> Iterator[Generator]:
    """Close at the end; of two errors the first is the one to tell.

    Being stopped (Ctrl-C, or who closes this consumer) is no error.
    """
    try:
        yield items
    except Exception:
        with suppress(Exception):
            items.close()
        raise
    finally:
        items.close()
