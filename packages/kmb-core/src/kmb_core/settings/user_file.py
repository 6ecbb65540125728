"""The user's settings file: `kmb.json` in `KMB_HOME`, or in `~/.kmb`.

It is read once, when a setting is first needed. A file that cannot be read is reported once, by name, and ignored:
a typing error in it must not keep anything from importing.
"""

import json
import os
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

FILE_NAME = "kmb.json"


def home() -> Path:
    """Return the folder for settings and downloads: `KMB_HOME`, or `~/.kmb`. It need not exist."""
    return Path(os.environ.get("KMB_HOME") or "~/.kmb").expanduser()


@cache
def user_settings() -> Mapping[str, Any]:
    """Return what the user's file says, or nothing where there is none."""
    path = home() / FILE_NAME
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        return _ignored(path, str(error))
    return settings if isinstance(settings, dict) else _ignored(path, "it does not hold a JSON object")


def _ignored(path: Path, reason: str) -> Mapping[str, Any]:
    warnings.warn(f"{path} is ignored: {reason}. Correct or remove the file.", stacklevel=3)
    return {}


def user_setting(name: str, default: Any, accepts: Callable[[Any], Any]) -> Any:
    """Return one setting of the user's file.

    Args:
        name: the key in the file.
        default: the value where the file does not say.
        accepts: returns the value to use, or raises an error where it is none; the user is then warned.
    """
    settings = user_settings()
    if name not in settings:
        return default
    try:
        return accepts(settings[name])
    except (TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        warnings.warn(f"{home() / FILE_NAME}: {name!r} is ignored: {reason}", stacklevel=3)
        return default


def configured_backend() -> str | None:
    """Return the backend that the user's file names, or None; whether it exists is not checked here."""
    return user_setting("backend", None, _checked_name)


def _checked_name(value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    raise ValueError(f"expected the name of a backend, got {value!r:.60}.")
