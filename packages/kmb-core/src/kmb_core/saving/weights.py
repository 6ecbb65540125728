"""A model's variables to and from HDF5.

Loading compares everything before it changes anything: what the model lacks, what the file lacks and what has another
shape stands in one table, so that one attempt shows all that is wrong.
"""

import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kmb_core.backend import Variable, convert_to_numpy
from kmb_core.errors import CheckpointError, message
from kmb_core.saving.places import places, vars_path
from kmb_core.saving.stored import Stored

ROWS = 40  # of the table of an error message


class Fetch:
    """A value that is to be written: its shape and dtype are known, the array is made when it is called.

    Args:
        value: a variable, tensor or array.
    """

    def __init__(self, value: Any) -> None:
        self._value = value if isinstance(value, Variable) else convert_to_numpy(value)
        self.shape: tuple[int, ...] = tuple(self._value.shape)
        self.dtype = value.dtype if isinstance(value, Variable) else self._value.dtype.name
        self.name = value.name if isinstance(value, Variable) else None

    def __call__(self) -> np.ndarray:
        """The array, on the host; where it can be, in the variable's own memory."""
        return self._value._host_view() if isinstance(self._value, Variable) else self._value


Groups = Mapping[str, tuple[str, Mapping[str, Any]]]  # of `Fetch`, or what has its attributes and can be called


def groups_to_write(model: Any) -> dict[str, tuple[str, dict[str, Fetch]]]:
    """What `write_arrays` takes: all groups of a model; each array is fetched when it is written.

    Raises:
        CheckpointError: for variables that have no place in a file, and for two objects that have the same one.
    """
    groups: dict[str, tuple[str, dict[str, Fetch]]] = {}
    parts = places(model)
    _check_places(model, parts)
    for path, part in parts:
        values: dict[str, Any] = {}
        part.save_own_variables(values)
        arrays = {key: Fetch(value) for key, value in values.items()}
        groups[vars_path(path)] = (str(getattr(part, "name", "")), arrays)
    return groups


def _check_places(model: Any, parts: list[tuple[str, Any]]) -> None:
    counts = Counter(path for path, _ in parts)
    twice = [path for path, count in counts.items() if count > 1]
    if twice:
        what = f"{_called(model)} cannot be saved: two of its parts have the place {twice[0]!r}"
        raise CheckpointError(
            message(what, "Attributes or classes have names that a counter gives too.", "Rename one.")
        )
    placed = {id(variable) for _, part in parts for variable in _own_variables(part)}
    lost = [v.path for v in getattr(model, "weights", ()) if id(v) not in placed]
    if lost:
        what = f"{_called(model)} cannot be saved: {len(lost)} variables have no place in a file: {', '.join(lost[:5])}"
        cause = "They belong to layers in a set, or in another container that has no order."
        raise CheckpointError(message(what, cause, "Keep layers in attributes, lists, tuples or dicts."))


def _own_variables(part: Any) -> list[Any]:
    own = [*getattr(part, "_trainable_variables", ()), *getattr(part, "_non_trainable_variables", ())]
    return own or list(getattr(part, "variables", ()) if not hasattr(part, "_layers") else ())


def _called(model: Any) -> str:
    return f"{type(model).__name__} {getattr(model, 'name', '')!r}"


def check_written(groups: Groups, stored: Mapping[str, Any], where: str) -> None:
    """Compare names, shapes and dtypes of a file that was just written with what was to be written.

    Args:
        groups: what `groups_to_write` gave.
        stored: the arrays of the file, by path.
        where: what messages call it.

    Raises:
        CheckpointError: where they differ.
    """
    expected = {f"{path}/{key}": fetch for path, (_, arrays) in groups.items() for key, fetch in arrays.items()}
    wrong = [path for path in expected if path not in stored] + [path for path in stored if path not in expected]
    wrong += [
        path
        for path, fetch in expected.items()
        if path in stored and (stored[path].shape, stored[path].dtype) != (fetch.shape, fetch.dtype)
    ]
    if wrong:
        what = f"{where} was not written as it should be: {', '.join(wrong[:5])}"
        raise CheckpointError(message(what, "The model was changed while it was saved, or the disk is faulty."))


class _Variables(Mapping[str, np.ndarray]):
    """What `load_own_variables` gets: the arrays of one object by key, each read when it is asked for."""

    def __init__(self, stored: Mapping[str, Stored]) -> None:
        self._stored = stored

    def __getitem__(self, key: str) -> np.ndarray:
        return self._stored[key].read()

    def stored(self, key: str) -> Stored:
        """An array that is not yet read; see `assign_from`."""
        return self._stored[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)


@dataclass
class _Comparison:
    """What does not fit between a model and a file."""

    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        return ", ".join(f"{len(rows)} {what}" for what, rows in self._named.items() if rows)

    @property
    def _named(self) -> dict[str, list[str]]:
        return {"missing": self.missing, "unexpected": self.unexpected, "mismatched": self.mismatched}

    @property
    def table(self) -> str:
        rows = [f"  {what:<11} {row}" for what, rows in self._named.items() for row in rows]
        more = [f"  and {len(rows) - ROWS} more"] if len(rows) > ROWS else []
        return "\n".join(rows[:ROWS] + more)


def load_weights(
    model: Any, stored: Mapping[str, Stored], where: str, skip_mismatch: bool = False, strict: bool = True
) -> None:
    """Set a model's variables.

    Args:
        model: a built model or layer.
        stored: the arrays of the file.
        where: what messages call the file.
        skip_mismatch: leave out objects that do not fit, with a warning.
        strict: False to accept missing and unexpected arrays.

    Raises:
        CheckpointError: listing what is missing, unexpected or of another shape; then nothing was changed.
    """
    groups = by_group(stored)
    problems = _Comparison()
    loading: list[tuple[str, Any, dict[str, Stored]]] = []
    optimizer: list[tuple[str, Any, dict[str, Stored]]] = []
    optional: set[str] = set()
    for path, part in places(model):
        found = groups.pop(vars_path(path), {})
        optional.update(vars_path(f"{path}/{name}" if path else name) for name in getattr(part, "optional_places", ()))
        if not found and vars_path(path) in optional:
            continue
        if path == "optimizer" or path.startswith("optimizer/"):
            optimizer.append((path, part, found))
        elif _compared(problems, path, part, found):
            loading.append((path, part, found))
    if not optimizer:  # loaded without compilation, or weights of a model that is trained in another way
        groups = {path: found for path, found in groups.items() if not path.startswith("optimizer/")}
    groups = {path: found for path, found in groups.items() if path not in optional}
    problems.unexpected += [f"{path}/{key}  {_seen(s)}" for path, found in groups.items() for key, s in found.items()]
    if problems.mismatched or (strict and problems.summary):
        _report(model, where, problems, skip_mismatch)
    for path, part, found in sorted(loading, key=lambda item: _reads_as_it_writes(item[1])):  # who may refuse, first
        _set(path, part, found, where, skip_mismatch)
    for path, part, found in optimizer:
        set_optimizer(path, part, found)


def by_group(stored: Mapping[str, Stored]) -> dict[str, dict[str, Stored]]:
    """The arrays by object: {".../vars": {key: array}}.

    Args:
        stored: the arrays by path.
    """
    groups: dict[str, dict[str, Stored]] = defaultdict(dict)
    for path, array in stored.items():
        group, separator, key = path.rpartition("vars/")
        groups[f"{group}vars" if separator else ""][key] = array
    return dict(groups)


def _expected(part: Any) -> dict[str, Any]:
    """The object's own variables by key, as it would save them."""
    values: dict[str, Any] = {}
    part.save_own_variables(values)
    return values


def _compared(problems: _Comparison, path: str, part: Any, found: Mapping[str, Stored]) -> bool:
    """Whether an object's variables fit; what does not is noted."""
    if not _reads_as_it_writes(part):
        return bool(found) or bool(_expected(part))  # it may read other forms than it writes: it decides itself
    expected = _expected(part)
    group, name = vars_path(path), getattr(part, "name", "")
    missing = [f"{group}/{key}  {tuple(v.shape)} of {name!r}" for key, v in expected.items() if key not in found]
    unexpected = [f"{group}/{key}  {_seen(s)}" for key, s in found.items() if key not in expected]
    mismatched = [
        f"{group}/{key}  {tuple(v.shape)} of {name!r}, {_seen(found[key])}"
        for key, v in expected.items()
        if key in found and tuple(v.shape) != found[key].shape
    ]
    problems.missing += missing
    problems.unexpected += unexpected
    problems.mismatched += mismatched
    return not (missing or unexpected or mismatched)


def _reads_as_it_writes(part: Any) -> bool:
    """Whether the form that an object reads is known: that of all built-in classes is, that of a user's may vary."""
    return type(part).load_own_variables.__module__.startswith("kmb_core.")


def _seen(stored: Stored) -> str:
    return f"{stored.shape} {stored.dtype} in the file"


def _report(model: Any, where: str, problems: _Comparison, skip_mismatch: bool) -> None:
    what = f"{where} does not fit {type(model).__name__} {getattr(model, 'name', '')!r}: {problems.summary}"
    cause = "The file is of another architecture, or of other sizes."
    remedy = "Load it into the model that wrote it, or pass skip_mismatch=True for what fits."
    if not getattr(model, "built", True):
        cause, remedy = "The model is not built, so it has no weights yet.", "Call it on data, or build it, first."
    text = f"{message(what, cause, None if skip_mismatch else remedy)}\n{problems.table}"
    if not skip_mismatch:
        raise CheckpointError(text)
    warnings.warn(f"{text}\nThese objects keep their values.", stacklevel=5)


def _set(path: str, part: Any, found: Mapping[str, Stored], where: str, skip_mismatch: bool) -> None:
    try:
        part.load_own_variables(_Variables(found))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        named = f"{type(part).__name__} {getattr(part, 'name', '')!r}"
        what = f"{where}: {vars_path(path)}: {named} refuses its weights: {error}"
        if not skip_mismatch:
            raise CheckpointError(message(what)) from error
        warnings.warn(what, stacklevel=6)


def set_optimizer(path: str, part: Any, found: dict[str, Stored]) -> None:
    """Set an optimizer's state where it fits.

    A file that was saved before any step has the first variables only (the count of steps and the learning rate); the
    others keep their initial values.

    Args:
        path: where it lies, for messages.
        part: the optimizer, built.
        found: the arrays of the file, by their number.
    """
    own = part.variables
    fits = all(key.isdecimal() and int(key) < len(own) and own[int(key)].shape == s.shape for key, s in found.items())
    if fits and len(found) == len(own):
        part.load_own_variables(_Variables(found))
    elif fits and found:
        for key, array in found.items():
            own[int(key)]._load(array)
    elif found or own:
        what = f"{path}: the file holds {len(found)} variables, {type(part).__name__} has {len(own)}"
        cause = "The optimizer's state starts afresh; the model's weights are those of the file."
        warnings.warn(message(what, cause), stacklevel=6)
