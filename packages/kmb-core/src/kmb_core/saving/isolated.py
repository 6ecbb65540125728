"""Files that may make HDF5 crash, tried in a process of their own first.

The library trusts what it reads in two places. One is the heap that holds the links of large groups in its newer format
(what Keras and kmb write is in the older one, in which this does not occur): a changed byte there can end the process.
The other is the heap of texts of any length, which attributes may be: there it can make the library go on for ever.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from kmb_core.saving.reading import place_of

SECONDS = 60.0  # for walking through the file, beside starting
_LINK_INFO = 1 << 2  # the message in a group's header that the newer format has
# Standard input, from a place on, as a file.
_PART = """
import io, os, sys, h5py
start, size = map(int, sys.argv[1:])

class Part(io.RawIOBase):
    place = 0

    def readable(self):
        return True

    seekable = readable

    def tell(self):
        return self.place

    def seek(self, offset, whence=0):
        self.place = max(0, offset + (0, self.place, size)[whence])
        return self.place

    def readinto(self, buffer):
        content = os.pread(0, max(0, min(len(buffer), size - self.place)), start + self.place)
        buffer[:len(content)] = content
        self.place += len(content)
        return len(content)
"""
_WALK = f"""{_PART}
sys.setrecursionlimit(10_000)
with h5py.File(Part(), "r") as file:
    seen, pending = set(), [file]
    while pending:
        group = pending.pop()
        dict(group.attrs)
        for name in group:
            if group.id.links.get_info(name.encode("utf-8", "surrogateescape")).type == h5py.h5l.TYPE_HARD:
                item = group[name]
                place = h5py.h5o.get_info(item.id).addr
                if isinstance(item, h5py.Group) and place not in seen:
                    seen.add(place)
                    pending.append(item)
                elif isinstance(item, h5py.Dataset) and len(item.attrs) <= 8:
                    dict(item.attrs)
"""

# Texts lie in a heap, to which any number of names can point: what they take in memory only reading them tells.
TEXT_BYTES = 1 << 30
_READ_TEXTS = f"""{_PART}
try:
    import resource
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + {TEXT_BYTES}, used + {TEXT_BYTES}))
except (ImportError, OSError, ValueError):
    pass  # no system that limits memory: what is left is that the trial may not crash
with h5py.File(Part(), "r") as file:
    tops = [file] + [file[name] for name in ("model_weights", "optimizer_weights") if name in file]
    for group in tops + [tops[-1][name] for name in tops[-1]] + [file[name] for name in file]:
        for holder in [group] + ([group[name] for name in group] if isinstance(group, h5py.Group) else []):
            sum(len(str(holder.attrs[name])) for name in holder.attrs)
"""


def is_dense(group: Any) -> bool:
    """Whether a group's links lie in a heap.

    Args:
        group: of h5py.
    """
    import h5py

    about = h5py.h5o.get_info(group.id)
    return bool(about.hdr.mesg.present & _LINK_INFO) and about.meta_size.obj.heap_size > 0


def is_in_heap(attribute: Any) -> bool:
    """Whether an attribute's value lies in a heap, as texts do that have no fixed length.

    Args:
        attribute: of h5py's lower level.
    """
    import h5py

    kind = attribute.get_type()
    return not (kind.get_class() in (h5py.h5t.INTEGER, h5py.h5t.FLOAT) or _is_fixed_text(kind))


def _is_fixed_text(kind: Any) -> bool:
    import h5py

    return kind.get_class() == h5py.h5t.STRING and not kind.is_variable_str()


def survives(source: BinaryIO) -> bool:
    """Whether HDF5 can walk through a file: with or without an error, but without a crash and within a minute.

    Args:
        source: the file.
    """
    return _status(_WALK, source) in (0, 1)  # an error is Python's 1; a signal is negative, or 3 on Windows


def texts_are_small(source: BinaryIO) -> bool:
    """Whether the attributes of a file in the layout before Keras 3 can be read without much memory.

    Args:
        source: the file.
    """
    return _status(_READ_TEXTS, source) == 0


def _status(program: str, source: BinaryIO) -> int | None:
    """How a program ends that reads the file; None where it does not."""
    with _as_part(source) as (descriptor, start, size):
        try:
            command = [sys.executable, "-I", "-c", program, str(start), str(size)]
            done = subprocess.run(command, stdin=descriptor, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
    return done.returncode


@contextmanager
def _as_part(source: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """A descriptor, and where in its file the contents begin and how long they are: a copy where there is none."""
    source.flush()
    place = place_of(source)
    if place is not None:
        yield place
        return
    here = source.tell()
    with tempfile.TemporaryFile() as copy:
        source.seek(0)
        shutil.copyfileobj(source, copy)
        source.seek(here)
        copy.flush()
        yield copy.fileno(), 0, copy.tell()
