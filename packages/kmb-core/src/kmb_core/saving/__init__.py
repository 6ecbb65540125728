"""Files: models as `.keras`, weights as `.weights.h5`, interchangeable with Keras 3, and names in files.

A file is data: loading one runs nothing from it and imports nothing that it names. Saving cannot lose the old file.
"""

import os
from collections.abc import Mapping
from typing import Any

from kmb_core.errors import CapabilityError, CheckpointError, message
from kmb_core.saving.editor import KerasFileEditor
from kmb_core.saving.legacy_model import has_legacy_layout, read_legacy_model, read_legacy_weights
from kmb_core.saving.model_file import model_to_dict, read_model, read_weights, write_model, write_weights
from kmb_core.saving.orbax_folder import checkpoint_in, read_model_folder, read_weights_folder
from kmb_core.saving.paths import path_text
from kmb_core.saving.policy import LoadPolicy
from kmb_core.serialization import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    deserialized_config,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)

__all__ = [
    "CustomObjectScope",
    "KerasFileEditor",
    "LoadPolicy",
    "custom_object_scope",
    "deserialize_keras_object",
    "deserialized_config",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "model_to_dict",
    "read_model",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]


def save_model(
    model: Any, filepath: str | os.PathLike[str], overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Write a model to a `.keras` file: architecture, weights, compilation and optimizer state.

    The file is written beside the old one and renamed over it, so a failure leaves the old one whole.

    Args:
        model: a model.
        filepath: ends in `.keras`; its folder exists.
        overwrite: whether a file of this name may be replaced.
        zipped: True or None; a folder instead of a zip is not written.
        **kwargs: none.

    Raises:
        ValueError: for another ending, an existing file without `overwrite`, a part that cannot be described.
        FileAccessError: where the file cannot be written.

    Example:
        >>> import os, tempfile
        >>> import kmb_core
        >>> model = kmb_core.Sequential([kmb_core.Input((3,)), kmb_core.layers.Dense(2)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "model.keras")
        ...     kmb_core.saving.save_model(model, path)
        ...     kmb_core.saving.load_model(path).output_shape
        (None, 2)
    """
    if kwargs:
        raise ValueError(f"save_model: unexpected arguments {', '.join(sorted(kwargs))}")
    if zipped is False:
        raise CapabilityError(message("save_model: models are written as zip archives; got zipped=False"))
    write_model(model, filepath, overwrite)


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Read a model from a `.keras` file, an old `.h5` file or a checkpoint of Orbax, that kmb or Keras wrote.

    Args:
        filepath: ends in `.keras`, or in `.h5` for what Keras 2 and 3 write there; or a folder of checkpoints, of
            which the latest is read, or one of them.
        custom_objects: {name: class or function} beside what is registered.
        compile: whether the model is compiled as it was when it was saved.
        safe_mode: taken for compatibility: code in a file never runs, whatever it says.

    Returns:
        The model, on the current backend.

    Raises:
        CheckpointError: for a file that is damaged, foreign or does not hang together.
        UnknownObjectError: for classes and functions that are neither built in nor registered; it lists them.
        SecurityError: for a file that asks for what loading must not do.

    `read_model` does the same within limits of your own.
    """
    checkpoint = checkpoint_in(filepath)
    if checkpoint is not None:
        return read_model_folder(checkpoint, custom_objects, compile)
    if has_legacy_layout(path_text(filepath)):
        return read_legacy_model(path_text(filepath), custom_objects, compile)
    return read_model(filepath, custom_objects=custom_objects, compile=compile)


def save_weights(
    model: Any,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    max_shard_size: float | None = None,
    **kwargs: Any,
) -> None:
    """Write a model's weights, and its optimizer's state, to a file, or to several with an index.

    Args:
        model: a built model.
        filepath: ends in `.weights.h5`, or in `.safetensors` for names that other libraries read; with
            `max_shard_size` in `.weights.json`. Its folder exists.
        overwrite: whether a file of this name may be replaced.
        max_shard_size: gigabytes (2³⁰ bytes) that one of several files may hold.
        **kwargs: none.

    Raises:
        ValueError: for another ending, an existing file without `overwrite`, a model without weights.
        FileAccessError: where the file cannot be written.
    """
    if kwargs:
        raise ValueError(f"save_weights: unexpected arguments {', '.join(sorted(kwargs))}")
    write_weights(model, filepath, overwrite, max_shard_size)


def load_weights(model: Any, filepath: str | os.PathLike[str], skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Set a model's weights from `.weights.h5`, `.weights.json`, `.safetensors`, `.keras`, old `.h5`; or from Orbax.

    Args:
        model: a built model.
        filepath: the file, or the index of several; or a checkpoint, or a folder of them, of which the latest is read.
        skip_mismatch: leave out layers that do not fit, with a warning.
        **kwargs: `strict=False` accepts missing and unexpected arrays; `policy` is a `LoadPolicy`; `by_name=True`, for
            files in the layout before Keras 3 alone, loads the layers that have the same names.

    Raises:
        CheckpointError: for a damaged file, and, all listed, for what is missing, unexpected or of another shape; then
            nothing was changed.
    """
    strict, policy, by_name = kwargs.pop("strict", True), kwargs.pop("policy", None), kwargs.pop("by_name", False)
    if kwargs:
        raise ValueError(f"load_weights: unexpected arguments {', '.join(sorted(kwargs))}")
    checkpoint = checkpoint_in(filepath)
    if checkpoint is not None:
        return read_weights_folder(model, checkpoint)
    path = path_text(filepath)
    if has_legacy_layout(path):
        return read_legacy_weights(model, path, skip_mismatch, by_name, policy)
    if by_name:
        what = f"{path!r}: by_name=True is for .h5 files in the layout before Keras 3"
        raise CheckpointError(message(what, "Arrays of other files have places, not names.", "Leave it out."))
    read_weights(model, filepath, skip_mismatch, strict, policy)
