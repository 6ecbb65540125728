"""Files that may make HDF5 crash, tried in a process of their own first.

The library trusts what it reads in one place: the heap that holds the links of large groups in its newer format (what
Keras and kmb write is in the older one, in which this does not occur). A changed byte there can end the process.
"""

import shutil
import subprocess
import sys
import tempfile
from typing import Any, BinaryIO

SECONDS = 60.0  # for walking through the file, beside starting
_LINK_INFO = 1 << 2  # the message in a group's header that the newer format has
_WALK = """
import sys, h5py
sys.setrecursionlimit(10_000)
with h5py.File(open(0, "rb", closefd=False), "r") as file:
    seen, pending = set(), [file]
    while pending:
        group = pending.pop()
        for name in group:
            if group.id.links.get_info(name.encode("utf-8", "surrogateescape")).type == h5py.h5l.TYPE_HARD:
                item = group[name]
                place = h5py.h5o.get_info(item.id).addr
                if isinstance(item, h5py.Group) and place not in seen:
                    seen.add(place)
                    pending.append(item)
                elif isinstance(item, h5py.Dataset):
                    len(item.attrs)
"""

# Texts lie in a heap, to which any number of names can point: what they take in memory only reading them tells.
TEXT_BYTES = 1 << 30
_READ_TEXTS = f"""
import sys, h5py
try:
    import resource
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + {TEXT_BYTES}, used + {TEXT_BYTES}))
except (ImportError, OSError, ValueError):
    pass  # no system that limits memory: what is left is that the trial may not crash
with h5py.File(open(0, "rb", closefd=False), "r") as file:
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
    """How a program ends that reads a copy of the file; None where it does not."""
    place = source.tell()
    with tempfile.TemporaryFile() as copy:
        source.seek(0)
        shutil.copyfileobj(source, copy)
        source.seek(place)
        copy.seek(0)
        try:
            command = [sys.executable, "-I", "-c", program]
            done = subprocess.run(command, stdin=copy, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
    return done.returncode
