"""What is in a file, said without making anything of it: no layer, no variable, no backend.

The same readers and the same limits are used as for loading; where loading would refuse, the refusal becomes a line of
the report.
"""

import math
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kmb_core.errors import CheckpointError, KmbError, message
from kmb_core.saving.architecture import LayerRow, layer_rows, oddities
from kmb_core.saving.archive import ASSETS, CONFIG, METADATA, WEIGHTS, Archive, open_file
from kmb_core.saving.hdf5 import stored_arrays
from kmb_core.saving.legacy_config import compile_config, model_config
from kmb_core.saving.legacy_hdf5 import LegacyFile, is_legacy, legacy_file
from kmb_core.saving.paths import path_text
from kmb_core.saving.policy import LoadPolicy
from kmb_core.saving.safetensors import stored_tensors
from kmb_core.saving.sharded import INDEX_ENDING, read_index, sharded_arrays
from kmb_core.saving.texts import json_object

_HDF5, _ZIP, _OLD_ZIP = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"PK\x05\x06"
_ENDINGS = {"model": ".keras", "weights": ".h5", "old": ".h5", "index": INDEX_ENDING, "tensors": ".safetensors"}
KINDS = {
    "model": "model (.keras)",
    "weights": "weights (HDF5)",
    "old": "model or weights (HDF5 as before Keras 3)",
    "index": "weights in several files (HDF5)",
    "tensors": "weights (safetensors)",
}


@dataclass(frozen=True)
class ArrayRow:
    """An array: what is known without reading it."""

    path: str
    shape: tuple[int, ...]
    dtype: str
    bytes: int
    stored_bytes: int


@dataclass
class Report:
    """What is in a file."""

    path: str
    kind: str
    bytes: int
    written_by: str = ""
    date: str = ""
    model: str = ""
    compiled: str = ""
    layers: list[LayerRow] = field(default_factory=list)
    arrays: list[ArrayRow] = field(default_factory=list)
    members: dict[str, tuple[int, int]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    unusual: list[str] = field(default_factory=list)

    @property
    def parameters(self) -> int:
        """Elements of all arrays, the optimizer's too."""
        return sum(math.prod(array.shape) for array in self.arrays)


def kind_of(path: str) -> str:
    """What a file is, by its first bytes, and where they say nothing by its name.

    Args:
        path: the file.

    Returns:
        "model", "weights", "old", "index" or "tensors".

    Raises:
        CheckpointError: for a file that is none of these.
    """
    with open_file(path) as file:
        start = file.read(8)
        if start == _HDF5:
            return "old" if is_legacy(file, repr(path)) else "weights"
    if start.startswith((_ZIP, _OLD_ZIP)):
        return "model"
    for kind in ("index", "tensors"):
        if path.endswith(_ENDINGS[kind]):
            return kind
    what = f"{path!r} is no file of a model or of weights: it begins with {start!r}"
    cause = "It was truncated, or holds something else." if start else "It is empty."
    raise CheckpointError(message(what, cause, f"Known are {', '.join(KINDS.values())}."))


def inspect_file(path: str | os.PathLike[str], policy: LoadPolicy | None = None) -> Report:
    """Look into a file.

    Args:
        path: a `.keras` file, `.weights.h5`, `.weights.json` with its files, `.safetensors`, or an older `.h5`.
        policy: limits.

    Returns:
        The report. What loading would refuse is in `unusual`.

    Raises:
        CheckpointError: for a file that is none of these.
    """
    path, policy = path_text(path), policy or LoadPolicy()
    kind = kind_of(path)
    report = Report(path, KINDS[kind], os.path.getsize(path))
    if not path.endswith(_ENDINGS[kind]):
        report.unusual.append(f"its name does not end in {_ENDINGS[kind]}, though that is what it is")
    with _noted(report):
        _READERS[kind](report, policy)
    return report


@contextmanager
def _noted(report: Report) -> Iterator[None]:
    try:
        yield
    except KmbError as error:
        report.unusual.append(_first_line(error, report.path))


def _first_line(error: KmbError, path: str) -> str:
    first = str(error).splitlines()[0]
    for start in (f"{path!r} cannot be loaded: ", f"{path!r} is refused: ", f"{path!r}: ", f"{path!r} "):
        first = first.removeprefix(start)
    return first


# One reader for each kind --------------------------------------------------------------------------------------------


def _model(report: Report, policy: LoadPolicy) -> None:
    with Archive(report.path, policy, refuse=False) as archive:
        report.members = archive.sizes
        report.unusual += [_first_line(problem, report.path) for problem in archive.problems]
        report.unusual += _unusual_members(archive.sizes)
        if METADATA in archive.sizes:
            with _noted(report):
                _metadata(report, archive.json(METADATA))
        if WEIGHTS in archive.sizes:
            where = f"{report.path!r}: {WEIGHTS}"
            with _noted(report), archive.weights() as weights, stored_arrays(weights, where, policy) as stored:
                report.arrays = _rows(stored)
        if CONFIG in archive.sizes:
            with _noted(report):
                _architecture(report, archive.json(CONFIG))


def _metadata(report: Report, metadata: Mapping[str, Any]) -> None:
    keras, own, date = (metadata.get(key) for key in ("keras_version", "kmb_version", "date_saved"))
    report.written_by = f"kmb {own}, in the format of Keras {keras}" if own else f"Keras {keras}"
    report.date = str(date or "")
    if not str(keras).startswith("3."):
        report.unusual.append(f"{METADATA}: keras_version is {keras!r:.40}, where 3.x is read")


def _architecture(report: Report, config: dict[str, Any]) -> None:
    inner = config.get("config")
    name = inner.get("name", "") if isinstance(inner, dict) else ""
    report.model = f"{config.get('class_name')} {name!r}"
    report.compiled = _compiled(config.get("compile_config"))
    report.layers = layer_rows(config, {array.path: math.prod(array.shape) for array in report.arrays})
    report.unusual += oddities(config)


def _compiled(config: Any) -> str:
    if not isinstance(config, dict) or not config:
        return ""
    optimizer = config.get("optimizer")
    optimizer = optimizer.get("class_name") if isinstance(optimizer, dict) else optimizer
    loss = config.get("loss")
    loss = loss.get("class_name") if isinstance(loss, dict) and "class_name" in loss else loss
    return f"optimizer {optimizer}, loss {loss}"


def _unusual_members(sizes: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    for name, (size, stored) in sizes.items():
        if name not in (METADATA, CONFIG, WEIGHTS) and not name.startswith(ASSETS):
            yield f"member {name!r:.80} is none that belongs to a model; loading leaves it alone"
        if stored < size:
            yield f"member {name!r:.80} is compressed {size / max(stored, 1):.1f} times"


def _weights(report: Report, policy: LoadPolicy) -> None:
    with open_file(report.path) as file, stored_arrays(file, repr(report.path), policy) as stored:
        report.arrays = _rows(stored)


def _old(report: Report, policy: LoadPolicy) -> None:
    where = repr(report.path)
    with open_file(report.path) as source, legacy_file(source, where, policy) as file:
        groups = [*file.layers, ("model", file.own), ("optimizer", file.optimizer)]
        report.arrays = _rows({f"{name}/{key}": array for name, arrays in groups for key, array in arrays})
        if "keras_version" in file.texts:
            report.written_by = f"Keras {file.texts['keras_version']}"
        if "model_config" in file.texts:
            with _noted(report):
                _architecture(report, _modern(file, where, policy))


def _modern(file: LegacyFile, where: str, policy: LoadPolicy) -> dict[str, Any]:
    """The description of an old file's model as those of today."""

    def read(name: str) -> dict[str, Any]:
        return json_object(file.texts[name], f"{where}: {name}", policy)

    found = model_config(read("model_config"), f"{where}: model_config")
    if "training_config" not in file.texts:
        return found
    return {**found, "compile_config": compile_config(read("training_config"), f"{where}: training_config")}


def _index(report: Report, policy: LoadPolicy) -> None:
    index = read_index(report.path, policy)
    report.files = sorted({name for names in index["weight_map"].values() for name in names})
    if "saved_as" in index["metadata"]:
        report.written_by = "kmb"
    with sharded_arrays(report.path, policy) as stored:
        report.arrays = _rows(stored)
    folder = os.path.dirname(report.path)
    report.bytes += sum(os.path.getsize(os.path.join(folder, name)) for name in report.files)


def _tensors(report: Report, policy: LoadPolicy) -> None:
    with open_file(report.path) as file, stored_tensors(file, repr(report.path), policy) as (tensors, metadata):
        report.arrays = _rows(tensors)
    report.date = metadata.get("date_saved", "")
    if metadata.get("format") == "kmb":
        report.written_by = f"kmb {metadata.get('kmb_version', '')}"
    elif "format" in metadata:
        report.written_by = f"a program that calls its format {metadata['format']!r:.40}"


def _rows(stored: Mapping[str, Any]) -> list[ArrayRow]:
    rows = [ArrayRow(path, a.shape, a.dtype, a.nbytes, a.stored_bytes) for path, a in stored.items()]
    return sorted(rows, key=lambda row: (row.path.startswith("optimizer/"), _natural(row.path)))


def _natural(path: str) -> list[Any]:
    """What sorts `dense_2` before `dense_10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path)]


_READERS = {"model": _model, "weights": _weights, "old": _old, "index": _index, "tensors": _tensors}

__all__ = ["ArrayRow", "Report", "inspect_file", "kind_of"]
