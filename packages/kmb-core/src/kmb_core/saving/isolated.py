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
    place = source.tell()
    with tempfile.TemporaryFile() as copy:
        source.seek(0)
        shutil.copyfileobj(source, copy)
        source.seek(place)
        copy.seek(0)
        try:
            command = [sys.executable, "-I", "-c", _WALK]
            done = subprocess.run(command, stdin=copy, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode in (0, 1)  # an error is Python's 1; a signal is negative, or 3 on Windows
