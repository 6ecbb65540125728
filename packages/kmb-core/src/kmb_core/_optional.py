"""Packages that only some functions need: imported when one is called, with the command to install them if missing."""

import importlib
from types import ModuleType


def optional(module: str, package: str, extra: str, purpose: str) -> ModuleType:
    """Import a module of an optional package.

    Args:
        module: dotted name of the module.
        package: name of the package that pip installs.
        extra: the extra of kmb-core that brings it.
        purpose: the function that needs it, for the message.

    Returns:
        The module.

    Raises:
        ImportError: when it is not installed, with the command that installs it.

    Example:
        >>> optional("json.decoder", "nothing", "none", "this line").__name__
        'json.decoder'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        if error.name is not None and not module.startswith(error.name):
            raise  # it is there, and lacks something itself
        raise ImportError(
            f"{purpose} needs the package {package}, which is not installed.\n"
            f'pip install {package}   (or: pip install "kmb-core[{extra}]")',
            name=module,
        ) from error
