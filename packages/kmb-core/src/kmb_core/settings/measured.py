"""What `kmb bench` and `benchmark` measured: which backend was how fast for which model, in `measured.json`.

The file lies beside the user's settings. It is looked at only where the backend is to be chosen automatically. One that
cannot be read is reported once and counts as empty: the next measurement writes it anew.
"""

import json
import os
import tempfile
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kmb_core.settings.user_file import home

FILE_NAME = "measured.json"
PURPOSES = ("training", "inference")
MOST_MODELS = 500  # the oldest are forgotten

Speeds = Mapping[str, float]  # samples per second, by backend


def record(fingerprint: str, name: str, training: Speeds, inference: Speeds) -> Path:
    """Note how fast the backends were for a model; it becomes the last one measured.

    Args:
        fingerprint: of the model's architecture.
        name: of the model, for who reads the file.
        training, inference: samples per second by backend; empty for what was not measured.

    Returns:
        The file.

    Raises:
        OSError: where it cannot be written.
    """
    models = {key: entry for key, entry in _models().items() if key != fingerprint}
    models[fingerprint] = {"name": name, "training": dict(training), "inference": dict(inference)}
    kept = dict(list(models.items())[-MOST_MODELS:])
    path = home() / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{FILE_NAME}")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"models": kept}, file, indent=1)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return path


def fastest(fingerprint: str | None, purpose: str, among: Iterable[str]) -> str | None:
    """The backend that was fastest when a model was measured last.

    Args:
        fingerprint: of the model's architecture; None for the model that was measured last of all.
        purpose: "training" or "inference"; the other one counts where this was not measured.
        among: names of the backends that may be chosen.

    Returns:
        A name, or None where nothing was measured. Of equally fast ones the first by name.
    """
    models = _models()
    entry = models.get(fingerprint) if fingerprint is not None else next(reversed(list(models.values())), None)
    if entry is None:
        return None
    allowed = set(among)
    for kind in (purpose, *PURPOSES):
        found = {name: speed for name, speed in entry.get(kind, {}).items() if name in allowed}
        if found:
            return min(found, key=lambda name: (-found[name], name))
    return None


def speeds(fingerprint: str, purpose: str) -> dict[str, float]:
    """How fast the backends were for a model.

    Args:
        fingerprint: of the model's architecture.
        purpose: "training" or "inference".

    Returns:
        Samples per second by backend; empty where nothing was measured.
    """
    return dict(_models().get(fingerprint, {}).get(purpose, {}))


def _models() -> dict[str, Any]:
    path = home() / FILE_NAME
    try:
        models = json.loads(path.read_text(encoding="utf-8"))["models"]
        if all(_is_entry(entry) for entry in models.values()):
            return models
        reason = "it holds something else than speeds"
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
    if str(path) not in _reported:
        _reported.add(str(path))
        warnings.warn(f"{path} is ignored: {reason}. `kmb bench` writes it anew.", stacklevel=3)
    return {}


def _is_entry(entry: Any) -> bool:
    speeds = [entry.get(purpose, {}) for purpose in PURPOSES]
    return all(isinstance(speed, (int, float)) for by_name in speeds for speed in by_name.values())


_reported: set[str] = set()
