"""Artifacts read again, to be called with arrays."""

import os
from collections.abc import Callable, Mapping
from typing import Any

from kmb_core.backend import current_backend
from kmb_core.errors import MissingFileError, message
from kmb_core.export.formats import find_route


def load_exported(filepath: str | os.PathLike[str], format: str = "tf_saved_model") -> Mapping[str, Callable[..., Any]]:
    """Read an artifact that `Model.export` or `ExportArchive` wrote.

    It is a program, which runs with the rights of this process: read none from a source that you do not trust.

    Args:
        filepath: the file or folder.
        format: as it was exported.

    Returns:
        Its endpoints by name: functions of NumPy arrays that give NumPy arrays. The inputs are nested as they were; of
        some formats the outputs come as a flat list.

    Raises:
        MissingFileError: where nothing is there.
        ExportError, ImportError: where nothing installed reads the format.

    Example:
        >>> import kmb_core
        >>> kmb_core.export.load_exported("nowhere", format="nothing")
        Traceback (most recent call last):
        ...
        kmb_core.errors.MissingFileError: there is no artifact in 'nowhere'
    """
    path = os.fspath(filepath)
    if not os.path.exists(path):
        raise MissingFileError(message(f"there is no artifact in {path!r}"))
    return find_route(format, current_backend().name).exporter.load(path)
