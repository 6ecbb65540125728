"""Paths that users give."""

import os

from kmb_core.errors import FileAccessError, message


def path_text(path: str | bytes | os.PathLike[str]) -> str:
    """A path as text.

    Args:
        path: text, bytes or a `pathlib.Path`.

    Raises:
        TypeError: for anything else.
        FileAccessError: for a text that no system takes for a path.
    """
    try:
        text = os.fsdecode(path)
    except TypeError as error:
        what = f"a file is named by a text or a pathlib.Path, got {type(path).__name__}"
        raise TypeError(message(what, None, "Of an open file, pass the name.")) from error
    if "\0" in text:
        raise FileAccessError(message(f"{text!r} is no path: there is a NUL in it"))
    return text


__all__ = ["path_text"]
