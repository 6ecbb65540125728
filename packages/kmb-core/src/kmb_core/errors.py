"""The errors that kmb raises.

Each class is also a subclass of the built-in error that Keras raises in the same place, so code written as
`except ValueError` goes on working. A message has up to three lines: what happened and where, with expected and
got; the likely cause; what to try. `message` composes them.

`NamespaceNotInstalledError` is an `ImportError` only: CPython cannot join `ImportError` and `AttributeError`
(their instance layouts conflict), and an install problem must not be swallowed by `hasattr`.
"""

def message(what: str, cause: str | None = None, remedy: str | None = None) -> str:
    """Compose an error message of up to three lines.

    Args:
        what: what happened, where, what was expected and what came, in up to 120 characters; a long path may
            take more. It stays one line, so that a log can be searched for it.
        cause: the likely cause.
        remedy: what to try.

    Returns:
        The lines that were given, joined by line feeds.

    Example:
        >>> print(message("Dense 'head': expected 2 axes, got 1.", remedy="Add a batch axis."))
        Dense 'head': expected 2 axes, got 1.
        Add a batch axis.
    """
    lines = [" ".join(what.split())]
    lines += [line for line in (cause, remedy) if line]
    return "\n".join(lines)


class KmbError(Exception):
    """Base of every error that kmb raises on its own account."""


class ShapeError(KmbError, ValueError):
    """A shape, a rank or an axis does not fit."""


class DTypeError(KmbError, TypeError, ValueError):
    """A dtype is unknown, or not one that the operation takes."""


class StructureError(KmbError, ValueError):
    """Two nested structures differ where they have to agree."""


class BackendError(KmbError):
    """A backend cannot be chosen or used."""


class BackendNotInstalledError(BackendError, ImportError):
    """No backend is installed, or not the one that was asked for."""


class UnknownBackendError(BackendError, ValueError):
    """No backend of this name is known."""


class BrokenBackendError(BackendError, ImportError):
    """A backend is installed but cannot be loaded; the original error is chained."""


class CapabilityError(KmbError, NotImplementedError):
    """The current backend cannot do this (a `NotImplementedError`, therefore a `RuntimeError` too)."""


class NamespaceNotInstalledError(KmbError, ImportError):
    """A part of the public namespace lives in a package that is not installed."""


class CheckpointError(KmbError, ValueError):
    """A file of weights or a saved model is damaged, foreign, or does not match the model."""


class FileAccessError(CheckpointError, OSError):
    """A file cannot be read or written, or its folder cannot."""


class MissingFileError(FileAccessError, FileNotFoundError):
    """There is no such file or folder."""


class UnknownObjectError(CheckpointError, TypeError):
    """A file names a class or function that is neither built in nor registered."""


class ExportError(KmbError, ValueError):
    """A model cannot be written in a format for serving, or what was written computes something else."""


class SecurityError(KmbError, ValueError):
    """A file asks for something that loading it must not do."""


class NotBuiltError(KmbError, ValueError):
    """A layer or model is used before its weights exist."""


class NotCompiledError(KmbError, ValueError):
    """A model is trained or evaluated before `compile()`."""
