"""Keeps native libraries' start-up chatter off the terminal."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def native_stderr_hidden() -> Iterator[None]:
    """Hides what is written to file descriptor 2: TensorFlow and LiteRT log there at any log level. Exceptions pass."""
    saved = os.dup(2)
    try:
        with open(os.devnull, "wb") as sink:
            os.dup2(sink.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
