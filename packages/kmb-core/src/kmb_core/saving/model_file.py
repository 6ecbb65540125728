"""Models to and from `.keras` files, and their weights to and from `.weights.h5` files."""

import json
import math
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from kmb_core.backend import current_backend, state, use_backend
from kmb_core.backend.selection import chosen_for
from kmb_core.errors import CheckpointError, FileAccessError, KmbError, SecurityError, UnknownObjectError, message
from kmb_core.saving.archive import ASSETS, CONFIG, METADATA, WEIGHTS, Archive, write_archive
from kmb_core.saving.atomic import atomic_file
from kmb_core.saving.fingerprint import fingerprint
from kmb_core.saving.hdf5 import stored_arrays, write_arrays
from kmb_core.saving.paths import path_text
from kmb_core.saving.places import places
from kmb_core.saving.policy import UNLIMITED, LoadPolicy
from kmb_core.saving.sharded import INDEX_ENDING
from kmb_core.saving.weights import Groups, check_written, groups_to_write, load_weights
from kmb_core.saving.weights_file import TENSORS_ENDING, weights_in, write_groups
from kmb_core.serialization import compiling, deserialize_keras_object, serialize_keras_object

# The version of Keras whose files these are: what it writes it can read, and so can kmb.
KERAS_VERSION = "3.15.1"

# Variables that no file holds (metrics, seeds) may have so many elements.
SPARE_ELEMENTS = 1 << 24

MODEL_ENDING, WEIGHTS_ENDING = ".keras", ".weights.h5"


def model_to_dict(model: Any) -> dict[str, Any]:
    """A model as plain data: its class, config, the shapes it was built for and the arguments of `compile`.

    Args:
        model: a model or layer.

    Returns:
        What `deserialize_keras_object` makes an untrained copy of.

    Raises:
        ValueError: for a part that cannot be described.
    """
    with use_backend(backend_of(model)):
        return serialize_keras_object(model)


def backend_of(model: Any) -> Any:
    return getattr(model, "_backend", None) or current_backend()


# Writing ---------------------------------------------------------------------------------------------------------


def write_model(model: Any, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write a model to a `.keras` file; see `kmb_core.saving.save_model`."""
    path = checked_path(filepath, MODEL_ENDING, overwrite)
    if not getattr(model, "built", True):
        warnings.warn(f"model {model.name!r} is saved before it is built: the file will hold no weights", stacklevel=3)
    with use_backend(backend_of(model)):
        write_described(path, serialize_keras_object(model), groups_to_write(model), assets_of(model))


def write_described(path: str, config: Mapping[str, Any], groups: Groups, assets: Mapping[str, bytes]) -> None:
    """Write a `.keras` file of what a model consists of.

    Args:
        path: where to.
        config: the description.
        groups: the arrays, as `groups_to_write` gives them.
        assets: the files of layers, by their names in the archive.
    """
    members = {METADATA: _metadata(), CONFIG: json.dumps(config).encode(), **assets}

    def check(weights: BinaryIO) -> None:
        with stored_arrays(weights, where, UNLIMITED) as stored:
            check_written(groups, stored, where)

    where = f"{path!r}: {WEIGHTS}"
    with atomic_file(path) as temporary:
        write_archive(temporary, members, lambda file: write_arrays(file, groups), check)


def write_weights(
    model: Any, filepath: str | os.PathLike[str], overwrite: bool = True, max_shard_size: float | None = None
) -> None:
    """Write a model's weights to a file; see `kmb_core.saving.save_weights`."""
    ending = TENSORS_ENDING if path_text(filepath).endswith(TENSORS_ENDING) else WEIGHTS_ENDING
    path = checked_path(filepath, INDEX_ENDING if max_shard_size is not None else ending, overwrite)
    if not getattr(model, "built", True):
        what = f"save_weights: model {model.name!r} has no weights yet: it is not built"
        raise CheckpointError(message(what, None, "Call it on data, or build(input_shape), first."))
    with use_backend(backend_of(model)):
        write_groups(path, groups_to_write(model), max_shard_size)


def checked_path(filepath: str | os.PathLike[str], ending: str, overwrite: bool) -> str:
    """The path of a file that may be written.

    Args:
        filepath: where to.
        ending: that it must have.
        overwrite: whether a file of this name may be replaced.
    """
    path = path_text(filepath)
    if not path.endswith(ending):
        raise _wrong_ending(path, ending)
    if os.path.exists(path) and not overwrite:
        raise FileAccessError(message(f"{path!r} exists already", None, "Pass overwrite=True, or choose another name."))
    return path


def _wrong_ending(path: str, ending: str) -> CheckpointError:
    what = f"{path!r}: expected a file name that ends in {ending}"
    cause = "Whole models are .keras files, weights alone .weights.h5 files; old .h5 files are only read."
    stem = path.removesuffix(".weights.h5").removesuffix(".hdf5").removesuffix(".h5").removesuffix(".keras")
    return CheckpointError(message(what, cause, f"For instance {stem + ending!r}."))


def _metadata() -> bytes:
    saved = time.strftime("%Y-%m-%d@%H:%M:%S")
    return json.dumps(
        {"keras_version": KERAS_VERSION, "date_saved": saved, "kmb_version": version("kmb-core")}
    ).encode()


def assets_of(model: Any) -> dict[str, bytes]:
    """The files that layers keep beside their variables (vocabularies), by their names in the archive."""
    found = {}
    for path, part in places(model):
        if hasattr(part, "save_assets"):
            with tempfile.TemporaryDirectory() as folder:
                part.save_assets(folder)
                for name in sorted(os.listdir(folder)):
                    with open(os.path.join(folder, name), "rb") as file:
                        found[str(PurePosixPath(ASSETS, path, name))] = file.read()
    return found


# Reading ---------------------------------------------------------------------------------------------------------


def read_model(
    filepath: str | os.PathLike[str],
    *,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    policy: LoadPolicy | None = None,
) -> Any:
    """Read a model from a `.keras` file, within given limits; see `kmb_core.saving.load_model`.

    Args:
        filepath: the file.
        custom_objects: {name: class or function} beside what is registered.
        compile: whether the model is compiled as it was when it was saved.
        policy: limits of what the file may make the reader do.

    Returns:
        The model.
    """
    path = path_text(filepath)
    if path.endswith((".h5", ".hdf5", TENSORS_ENDING, INDEX_ENDING)) and os.path.isfile(path):
        remedy = "Make the model in code, and read them with model.load_weights."
        raise CheckpointError(message(f"{path!r} is no model: such files hold weights alone", None, remedy))
    if not path.endswith(MODEL_ENDING):
        raise _wrong_ending(path, MODEL_ENDING)
    policy = policy or LoadPolicy()
    with Archive(path, policy) as archive:
        _check_version(archive.json(METADATA), path)
        config = archive.json(CONFIG)
        where = f"{path!r}: {WEIGHTS}"
        with archive.weights() as weights, stored_arrays(weights, where, policy) as stored:
            with _measured_for(config, compile), compiling(compile), variables_for(stored):
                model = made(config, custom_objects, f"{path!r}: {CONFIG}")
            with use_backend(backend_of(model)):
                with placed(where):
                    load_weights(model, stored, where)
                load_assets(model, archive.assets, repr(path))
    return model


def _measured_for(config: dict[str, Any], compile: bool) -> Any:
    """Where the backend is chosen automatically, the one that was fastest for this model."""
    trains = compile and bool(config.get("compile_config"))
    return chosen_for(lambda: fingerprint(config), "training" if trains else "inference")


@contextmanager
def variables_for(stored: Mapping[str, Any]) -> Iterator[None]:
    """Inside, variables may not hold much more than the file does: a config of a few bytes cannot fill the memory.

    Twice the weights are left for an optimizer whose state was not saved, and as much again for other forms of weights.
    """
    before = state.elements_left
    state.elements_left = SPARE_ELEMENTS + 4 * sum(math.prod(array.shape) for array in stored.values())
    try:
        yield
    finally:
        state.elements_left = before


def _check_version(metadata: Mapping[str, Any], path: str) -> None:
    version = metadata.get("keras_version")
    if not isinstance(version, str) or not version.startswith("3."):
        what = f"{path!r}: {METADATA}: expected a keras_version 3.x, got {version!r:.40}"
        raise CheckpointError(
            message(what, "The file is of another version of the format, or of no library for models.")
        )


def made(config: dict[str, Any], custom_objects: Mapping[str, Any] | None, where: str) -> Any:
    """The model that a config describes.

    Args:
        config: what `model_to_dict` gives.
        custom_objects: {name: class or function} beside what is registered.
        where: what messages call the place of the config.
    """
    try:
        model = deserialize_keras_object(config, custom_objects)
    except (UnknownObjectError, SecurityError) as error:
        raise _with_place(type(error), where, error) from error
    except Exception as error:  # a config can make a constructor raise anything
        raise _with_place(CheckpointError, where, error) from error
    if not hasattr(model, "load_own_variables"):
        raise CheckpointError(message(f"{where} describes no model but {type(model).__name__}"))
    return model


@contextmanager
def placed(where: str) -> Iterator[None]:
    """Errors of other kinds than kmb's become such, with the place that was read."""
    try:
        yield
    except Exception as error:
        if isinstance(error, KmbError):
            raise
        what = f"{where} cannot be loaded: {type(error).__name__}: {error}"
        raise CheckpointError(message(what, "The file is damaged, or of another model.")) from error


def _with_place(cls: type[KmbError], where: str, error: Exception) -> KmbError:
    first, _, rest = str(error).partition("\n")
    kind = "" if isinstance(error, KmbError) else f"{type(error).__name__}: "
    found = cls(message(f"{where}: the model cannot be made: {kind}{first}", rest or None))
    for note in getattr(error, "__notes__", ()):
        found.add_note(note)
    return found


def load_assets(model: Any, read: Callable[[], Mapping[str, bytes]], where: str = "the model") -> None:
    """Give layers the files that they kept beside their variables.

    Args:
        model: a model.
        read: gives their contents by name; called when there is a layer that has any.
        where: what messages call the file.

    Raises:
        SecurityError: for a name that leads out of a layer's folder.
        CheckpointError: where a layer cannot read what is there.
    """
    parts = {path: part for path, part in places(model) if hasattr(part, "load_assets")}
    if not parts:
        return
    assets = read()
    for name in assets:
        if not _stays_inside(name):
            what = f"{where} is refused: asset {name!r:.80} has a name that leads elsewhere"
            raise SecurityError(message(what, "It is made to overwrite files."))
    for path, part in parts.items():
        with tempfile.TemporaryDirectory() as folder:
            for name, content in assets.items():
                place = PurePosixPath(name)
                if place.parent == PurePosixPath(path):
                    with open(os.path.join(folder, place.name), "wb") as file:
                        file.write(content)
            with placed(f"{where}: assets of {path!r}"):
                part.load_assets(folder)


def _stays_inside(name: str) -> bool:
    parts = name.split("/")
    return not any(part in ("", ".", "..") for part in parts) and not any(sign in name for sign in "\\:\0")


def read_weights(
    model: Any,
    filepath: str | os.PathLike[str],
    skip_mismatch: bool = False,
    strict: bool = True,
    policy: LoadPolicy | None = None,
) -> None:
    """Set a model's weights from a file; see `kmb_core.saving.load_weights`."""
    path = path_text(filepath)
    policy = policy or LoadPolicy()
    if not path.endswith((MODEL_ENDING, WEIGHTS_ENDING, TENSORS_ENDING, INDEX_ENDING)):
        raise _wrong_ending(path, WEIGHTS_ENDING)
    with use_backend(backend_of(model)), weights_in(path, policy, model) as (where, stored):
        load_weights(model, stored, where, skip_mismatch, strict)


__all__ = ["model_to_dict", "read_model", "read_weights", "write_model", "write_weights"]
