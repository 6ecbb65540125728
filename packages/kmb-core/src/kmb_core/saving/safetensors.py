"""Weights as `.safetensors`, whose names other libraries read: `layers.dense.kernel`.

The format is a header of JSON (per tensor a dtype, a shape and where its bytes lie) and the bytes, without gaps. It is
written here rather than by the package of that name, which wants all arrays in memory at once and whose NumPy reader
knows no bfloat16; one array at a time is in memory, and a file is read with the limits of all files. What a name means
in a file of weights (`layers/dense/vars/0`) stands in the metadata; without them the model's own names decide.
"""

import json
import math
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, BinaryIO

import numpy as np

from kmb_core.backend.memory import aligned
from kmb_core.dtypes.arrays import numpy_dtype
from kmb_core.errors import CheckpointError, message
from kmb_core.saving.policy import MEBIBYTE, LoadPolicy
from kmb_core.saving.reading import read_file
from kmb_core.saving.weights import Fetch, Groups

DTYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32", "I32": "int32",
    "U64": "uint64", "I64": "int64", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
    "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "C64": "complex64",
}  # fmt: skip
_CODES = {name: code for code, name in DTYPES.items()}
_LONGEST_HEADER = 100 * MEBIBYTE  # other readers refuse more


# Names ---------------------------------------------------------------------------------------------------------------


def tensor_names(groups: Groups) -> dict[str, str]:
    """The name of each array: the path of its object with dots, and the variable's own name.

    Args:
        groups: what `groups_to_write` gives.

    Returns:
        {path in a file of weights: name}; where variables of one object have the same name, their number stands for it.
    """
    names: dict[str, str] = {}
    used: set[str] = set()
    for path, (_, arrays) in groups.items():
        place = path.removesuffix("vars").strip("/").replace("/", ".")
        for key, fetch in arrays.items():
            own = getattr(fetch, "name", None) or key
            found = [".".join(filter(None, parts)) for parts in ((place, own), (place, key), (place, "vars", key))]
            name = next((n for n in found if n not in used), f"{path}/{key}")
            used.add(name)
            names[f"{path}/{key}"] = name
    return names


def path_of(name: str) -> str:
    """The path that a name without metadata means when no model is there to say: `a.b.0` is `a/b/vars/0`."""
    place, _, key = name.rpartition(".")
    return f"{place.removesuffix('.vars').replace('.', '/')}/vars/{key}" if place else f"vars/{key}"


# Writing -------------------------------------------------------------------------------------------------------------


def write_tensors(target: str, groups: Groups) -> None:
    """Write a file of tensors.

    Args:
        target: its path.
        groups: what `groups_to_write` gives.

    Raises:
        CheckpointError: for a dtype that the format does not have.
    """
    names = tensor_names(groups)
    arrays = {f"{path}/{key}": fetch for path, (_, group) in groups.items() for key, fetch in group.items()}
    ordered = sorted(arrays.items(), key=lambda item: -_itemsize(item[0], item[1]))  # so that all lie aligned
    with open(target, "wb") as file:
        file.write(_header(ordered, names))
        for path, fetch in ordered:
            file.write(_bytes(path, fetch))


def _itemsize(path: str, fetch: Fetch) -> int:
    if fetch.dtype not in _CODES:
        raise CheckpointError(
            message(f"{path}: .safetensors files have no dtype {fetch.dtype}", None, "Use .weights.h5.")
        )
    return numpy_dtype(fetch.dtype).itemsize


def _header(ordered: list[tuple[str, Fetch]], names: Mapping[str, str]) -> bytes:
    paths = {name: path for path, name in names.items()}
    about = {"format": "kmb", "kmb_version": version("kmb-core"), "date_saved": time.strftime("%Y-%m-%d@%H:%M:%S")}
    header: dict[str, Any] = {"__metadata__": {**about, "paths": json.dumps(paths)}}
    start = 0
    for path, fetch in ordered:
        end = start + math.prod(fetch.shape) * _itemsize(path, fetch)
        header[names[path]] = {"dtype": _CODES[fetch.dtype], "shape": list(fetch.shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _bytes(path: str, fetch: Fetch) -> Any:
    array = np.ascontiguousarray(fetch())
    if (array.shape if fetch.shape else ()) != fetch.shape or array.dtype.name != fetch.dtype:
        what = f"{path}: announced as {fetch.shape} {fetch.dtype}, but is {array.shape} {array.dtype}"
        raise CheckpointError(message(what, "It was changed while it was saved."))
    if sys.byteorder == "big":
        array = array.byteswap()
    return array.reshape(-1).view(np.uint8)


# Reading -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tensor:
    """An array in a file: what is known without reading it."""

    shape: tuple[int, ...]
    dtype: str
    file: BinaryIO
    start: int
    where: str

    @property
    def nbytes(self) -> int:
        """Of the values, in the file as in memory."""
        return math.prod(self.shape) * numpy_dtype(self.dtype).itemsize

    stored_bytes = nbytes

    def read(self, out: np.ndarray | None = None) -> np.ndarray:
        """The values.

        Args:
            out: where to put them, of the array's shape and dtype, contiguous; None for memory that nobody else holds.
        """
        array = aligned(self.shape, self.dtype) if out is None else out
        try:
            read_file(self.file, self.start, array.reshape(-1).view(np.uint8))
        except EOFError as error:
            what = f"{self.where} is damaged: it ends too early"
            raise CheckpointError(message(what, "It was changed meanwhile.")) from error
        return array.byteswap(inplace=True) if sys.byteorder == "big" else array


@contextmanager
def stored_tensors(
    source: BinaryIO, where: str, policy: LoadPolicy
) -> Iterator[tuple[dict[str, Tensor], dict[str, str]]]:
    """The tensors of a file by name, and its metadata; they can be read inside the `with`.

    Args:
        source: the file.
        where: what messages call it.
        policy: limits.

    Raises:
        CheckpointError: for a damaged file, or one that holds something else.
    """
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    length = int.from_bytes(source.read(8), "little")
    if size < 8 or length > size - 8 or length > min(policy.max_text_bytes, _LONGEST_HEADER):
        cause = "The file was truncated or changed, or holds something else."
        raise CheckpointError(
            message(f"{where} is no .safetensors file that can be read: its header has no end", cause)
        )
    header = _parsed(source.read(length), where)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise _damaged(where, "its metadata are no texts")
    if len(header) > policy.max_objects:
        raise _damaged(where, f"it states {len(header)} tensors; the limit is {policy.max_objects}")
    yield _tensors(header, source, 8 + length, size, where), metadata


def _damaged(where: str, why: str) -> CheckpointError:
    return CheckpointError(message(f"{where} is damaged: {why}", "The file was truncated or changed."))


def _parsed(text: bytes, where: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name stands there twice")
        return found

    try:
        header = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        cause = "The file was truncated or changed, or holds something else."
        raise CheckpointError(message(f"{where} is no .safetensors file that can be read: {error}", cause)) from error
    if not isinstance(header, dict):
        raise _damaged(where, "its header is no object")
    return header


def _tensors(header: Mapping[str, Any], file: BinaryIO, begin: int, size: int, where: str) -> dict[str, Tensor]:
    """The tensors, whose bytes must fill the file one after the other."""
    found: dict[str, tuple[int, int, Tensor]] = {}
    for name, entry in header.items():
        match entry:
            case {"dtype": str(code), "shape": list(shape), "data_offsets": [int(start), int(end)]} if all(
                type(n) is int and n >= 0 for n in shape
            ):
                dtype = DTYPES.get(code)
            case _:
                raise _damaged(where, f"{name!r:.80} has no dtype, shape and place")
        if dtype is None:
            raise CheckpointError(message(f"{where}: {name!r:.80} has dtype {code!r:.20}, which is not known here"))
        if end - start != math.prod(shape) * numpy_dtype(dtype).itemsize:
            raise _damaged(where, f"{name!r:.80} has {end - start} bytes for shape {shape} of {dtype}")
        found[name] = (start, end, Tensor(tuple(shape), dtype, file, begin + start, where))
    position = 0
    for name, (start, end, _) in sorted(found.items(), key=lambda item: item[1][:2]):
        if start != position:
            raise _damaged(where, f"{name!r:.80} begins at {start}, expected {position}")
        position = end
    if begin + position != size:
        raise _damaged(where, f"it has {size} bytes, its header speaks of {begin + position}")
    return {name: tensor for name, (_, _, tensor) in found.items()}


__all__ = ["DTYPES", "Tensor", "path_of", "stored_tensors", "tensor_names", "write_tensors"]
