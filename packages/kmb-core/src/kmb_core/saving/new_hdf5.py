"""Writing an HDF5 file such that a full disk is an error.

HDF5 does not come through a write that fails: it keeps a file that it can neither finish nor close, and the process
may crash at some later time. So it never sees one: the file that it writes to takes everything, and what went wrong is
raised when HDF5 is done.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any


@contextmanager
def new_hdf5(target: Any) -> Iterator[Any]:
    """A new HDF5 file, open for writing.

    Args:
        target: a path, or a binary file.

    Raises:
        OSError: at the end, where a write has failed.
    """
    import h5py  # heavy, and only files need it

    with ExitStack() as opened:
        own = isinstance(target, (str, os.PathLike))
        sink = _Sink(opened.enter_context(open(target, "w+b")) if own else target)
        try:
            # The oldest format: links of large groups in the newer one can be made to crash readers.
            with h5py.File(sink, "w", libver=("earliest", "latest")) as file:
                yield file
        finally:
            sink.flush()
            if sink.error is not None:
                opened.pop_all()  # closing it would try to write again
                sink.abandon(own)
                raise sink.error


class _Sink:
    """A file whose failures are kept until somebody asks for them."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.error: OSError | None = None

    def _tried(self, action: str, *arguments: Any) -> Any:
        if self.error is None:
            try:
                return getattr(self._file, action)(*arguments)
            except OSError as error:
                self.error = error
        return None

    def write(self, content: Any) -> int:
        """Write, or forget what there is no place for."""
        size = memoryview(content).nbytes
        self._tried("write", content)
        return size

    def seek(self, place: int, whence: int = 0) -> int:
        """Move; after a failure it does not matter where."""
        return self._tried("seek", place, whence) or 0

    def tell(self) -> int:
        """Where it is."""
        return self._tried("tell") or 0

    def read(self, size: int = -1) -> bytes:
        """What was written."""
        return self._tried("read", size) or b""

    def readinto(self, buffer: Any) -> int:
        """What was written."""
        return self._tried("readinto", buffer) or 0

    def truncate(self, size: int) -> int:
        """Set the length."""
        self._tried("truncate", size)
        return size

    def flush(self) -> None:
        """Give everything to the system."""
        self._tried("flush")

    def abandon(self, own: bool) -> None:
        """Close it without writing what is left."""
        if own:
            try:
                self._file.close()
            except OSError:  # the same one again
                self._file.raw.close()
