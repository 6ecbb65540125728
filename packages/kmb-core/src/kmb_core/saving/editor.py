"""Looking into a file of weights, and changing it: names, arrays, what fits a model and what does not.

Nothing in the file is made or run: its description stays text, and its weights are arrays by path. A changed file is
written as every other one is: beside the old, verified, and then in its place.
"""

import os
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from kmb_core.backend import use_backend
from kmb_core.errors import CheckpointError, message
from kmb_core.saving.archive import CONFIG, METADATA, Archive
from kmb_core.saving.model_file import MODEL_ENDING, WEIGHTS_ENDING, backend_of, checked_path
from kmb_core.saving.paths import path_text
from kmb_core.saving.places import vars_path
from kmb_core.saving.policy import LoadPolicy
from kmb_core.saving.sharded import INDEX_ENDING
from kmb_core.saving.weights import Fetch, by_group, groups_to_write
from kmb_core.saving.weights_file import TENSORS_ENDING, weights_in, write_groups

_ENDINGS = (MODEL_ENDING, WEIGHTS_ENDING, INDEX_ENDING, TENSORS_ENDING)


class KerasFileEditor:
    """A file of weights, open to be looked at and changed in memory until `save` writes another one.

    An object is a layer, model or optimizer by its path in the file ("layers/dense_1"), or by the last step of it
    ("dense_1"), which then stands for all objects of that name. A weight is an array of it by its key ("0").

    Args:
        filepath: ends in `.keras`, `.weights.h5`, `.weights.json` or `.safetensors`.

    Raises:
        CheckpointError: for a damaged file or another ending.
        SecurityError: for a file that asks for what reading must not do.

    Example:
        >>> import os, tempfile
        >>> import kmb_core
        >>> model = kmb_core.Sequential([kmb_core.Input((3,)), kmb_core.layers.Dense(2)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "old.weights.h5")
        ...     model.save_weights(path)
        ...     editor = kmb_core.saving.KerasFileEditor(path)
        ...     editor.rename_object("dense", "head")
        ...     editor.save(os.path.join(folder, "new.weights.h5"))
        >>> editor.summary()
        Weights structure
          layers
            head
              0: shape=(3, 2), dtype=float32
              1: shape=(2,), dtype=float32
    """

    def __init__(self, filepath: str | os.PathLike[str]) -> None:
        self.filepath = path_text(filepath)
        if not self.filepath.endswith(_ENDINGS):
            what = f"KerasFileEditor: {self.filepath!r}: expected a file name that ends in {', '.join(_ENDINGS)}"
            raise CheckpointError(message(what))
        policy = LoadPolicy()
        self.metadata: dict[str, Any] | None = None
        self.config: dict[str, Any] | None = None
        if self.filepath.endswith(MODEL_ENDING):
            with Archive(self.filepath, policy) as archive:
                self.metadata, self.config = archive.json(METADATA), archive.json(CONFIG)
        with weights_in(self.filepath, policy) as (_, stored):
            groups = by_group(stored)
            self._objects = {
                _object_of(group): {key: array.read() for key, array in arrays.items()}
                for group, arrays in groups.items()
            }

    # Looking -----------------------------------------------------------------------------------------------------

    def summary(self) -> None:
        """Print the objects and their weights as a tree."""
        _show("Weights structure", *self._lines())

    def _lines(self) -> list[str]:
        lines: list[str] = []
        before: list[str] = []
        for path, arrays in sorted(self._objects.items()):
            steps = path.split("/") if path else []
            known = next((i for i, (a, b) in enumerate(zip(steps, before, strict=False)) if a != b), len(before))
            lines += [f"{'  ' * (depth + 1)}{step}" for depth, step in enumerate(steps) if depth >= known]
            lines += [f"{'  ' * (len(steps) + 1)}{key}: {_described(array)}" for key, array in arrays.items()]
            before = steps
        return lines

    def compare(self, reference_model: Any) -> dict[str, Any]:
        """Compare the weights with those of a model, and print what differs.

        Args:
            reference_model: a built model; only its names and shapes are asked for.

        Returns:
            `status` ("success" or "error"), `error_count`, and `match_count`, the number of weights that fit.
        """
        with use_backend(backend_of(reference_model)):
            groups = groups_to_write(reference_model)
        expected = {_object_of(group): arrays for group, (_, arrays) in groups.items()}
        errors = [*self._missing(expected), *self._unfit(expected)]
        matches = sum(
            key in self._objects.get(path, {}) and self._objects[path][key].shape == fetch.shape
            for path, arrays in expected.items()
            for key, fetch in arrays.items()
        )
        found = f"{len(errors)} errors: the file does not fit the reference model"
        _show(*errors, found if errors else f"the file fits the reference model: {matches} weights match")
        return {"status": "error" if errors else "success", "error_count": len(errors), "match_count": matches}

    def _missing(self, expected: Mapping[str, Mapping[str, Fetch]]) -> list[str]:
        missing = [path for path, arrays in expected.items() if arrays and path not in self._objects]
        trains = any(_is_below(path, "optimizer") for path in expected)  # else its state is passed over, as in loading
        own = {path: arrays for path, arrays in self._objects.items() if trains or not _is_below(path, "optimizer")}
        beyond = [path for path, arrays in own.items() if arrays and not expected.get(path)]
        lines = [
            f"object {path!r} of the model, with weights {list(expected[path])}, is not in the file" for path in missing
        ]
        return lines + [f"object {path!r} of the file is not in the model" for path in beyond]

    def _unfit(self, expected: Mapping[str, Mapping[str, Fetch]]) -> list[str]:
        lines = []
        for path in sorted(expected.keys() & self._objects.keys()):
            theirs, ours = expected[path], self._objects[path]
            if not theirs:
                continue
            lines += [f"weight {key!r} of {path!r} is not in the file" for key in theirs if key not in ours]
            lines += [f"weight {key!r} of {path!r} is not in the model" for key in ours if key not in theirs]
            lines += [
                f"weight {key!r} of {path!r}: {fetch.shape} in the model, {ours[key].shape} in the file"
                for key, fetch in theirs.items()
                if key in ours and ours[key].shape != fetch.shape
            ]
        return lines

    # Changing ----------------------------------------------------------------------------------------------------

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object another name; what lies below it moves along.

        Args:
            object_name: its path, or its name.
            new_name: the last step of the new path.

        Raises:
            CheckpointError: where there is no such object, or one of the new name already.
        """
        _check_step(new_name)
        names = {path: "/".join([*path.split("/")[:-1], new_name]) for path in self._paths_of(object_name)}
        for path, new in names.items():
            if new != path and self._exists(new):
                raise CheckpointError(message(f"rename_object: {new!r} exists already", None, "Delete it first."))
        for path in sorted(names, reverse=True):  # what lies in another of them comes first
            self._objects = {_moved(each, path, names[path]): arrays for each, arrays in self._objects.items()}

    def delete_object(self, object_name: str) -> None:
        """Remove an object and what lies below it.

        Args:
            object_name: its path, or its name.
        """
        for path in self._paths_of(object_name):
            self._objects = {each: arrays for each, arrays in self._objects.items() if not _is_below(each, path)}

    def add_object(self, object_path: str, weights: Mapping[str, Any]) -> None:
        """Add an object, in the place of one of this path.

        Args:
            object_path: where; all but its last step exist.
            weights: arrays by their keys.

        Raises:
            CheckpointError: where the parent does not exist, or a name cannot stand in a file.
        """
        parent, _, name = object_path.rpartition("/")
        _check_step(name)
        if parent and not self._exists(parent):
            raise self._unknown(parent)
        self._objects[object_path] = _arrays(weights)

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Remove an array of an object.

        Args:
            object_name: the object's path, or its name.
            weight_name: the array's key.
        """
        paths = self._paths_of(object_name)
        for path in paths:
            held = self._objects.get(path, {})
            if weight_name not in held:
                what = f"delete_weight: {path!r} has no weight {weight_name!r}; it has {list(held)}"
                raise CheckpointError(message(what))
        for path in paths:
            del self._objects[path][weight_name]

    def add_weights(self, object_name: str, weights: Mapping[str, Any]) -> None:
        """Add arrays to an object, or replace those of the same keys.

        Args:
            object_name: its path, or its name.
            weights: arrays by their keys.
        """
        added = _arrays(weights)
        for path in self._paths_of(object_name):
            self._objects.setdefault(path, {}).update(added)

    def save(self, filepath: str | os.PathLike[str]) -> None:
        """Write the weights, as they are now, to another file or over this one.

        Args:
            filepath: ends in `.weights.h5`.

        Raises:
            CheckpointError: for another ending.
            FileAccessError: where the file cannot be written; what was there is as it was.
        """
        path = checked_path(filepath, WEIGHTS_ENDING, overwrite=True)
        groups = {
            vars_path(name): (name.rpartition("/")[2], {key: Fetch(array) for key, array in arrays.items()})
            for name, arrays in self._objects.items()
        }
        write_groups(path, groups)

    def resave_weights(self, filepath: str | os.PathLike[str]) -> None:
        """The former name of `save`.

        Args:
            filepath: see `save`.
        """
        self.save(filepath)

    def _paths_of(self, name: str) -> list[str]:
        """The paths that a name, or a path, stands for."""
        steps = {path.split("/")[0] for path in self._objects}
        if "/" in name or name in steps:
            found = [name] if self._exists(name) else []
        else:
            prefixes = (
                "/".join(path.split("/")[: i + 1]) for path in self._objects for i in range(path.count("/") + 1)
            )
            found = [path for path in dict.fromkeys(prefixes) if path.rpartition("/")[2] == name]
        if not found:
            raise self._unknown(name)
        return found

    def _exists(self, path: str) -> bool:
        return any(_is_below(each, path) for each in self._objects)

    def _unknown(self, name: str) -> CheckpointError:
        held = ", ".join(list(self._objects)[:10])
        what = f"KerasFileEditor: {self.filepath!r} has no object {name!r}"
        return CheckpointError(message(what, f"It has {held}.", "`summary()` lists all."))


def _show(*lines: str) -> None:
    sys.stdout.write("\n".join([*lines, ""]))


def _object_of(group: str) -> str:
    return group.removesuffix("vars").removesuffix("/")


def _is_below(path: str, other: str) -> bool:
    return path == other or path.startswith(f"{other}/")


def _moved(path: str, old: str, new: str) -> str:
    return new + path.removeprefix(old) if _is_below(path, old) else path


def _described(array: np.ndarray) -> str:
    return f"shape={array.shape}, dtype={array.dtype.name}"


def _arrays(weights: Mapping[str, Any]) -> dict[str, np.ndarray]:
    for key in weights:
        _check_step(key)
    return {key: np.asarray(value) for key, value in weights.items()}


def _check_step(name: Any) -> None:
    if not isinstance(name, str) or name in ("", ".", "..", "vars") or any(sign in name for sign in "/\\\0"):
        what = f"KerasFileEditor: {name!r:.80} cannot be the name of an object or weight in a file"
        raise CheckpointError(message(what, None, "It is a string without '/', and neither '.', '..' nor 'vars'."))


__all__ = ["KerasFileEditor"]
