"""Images into the ranges that the published weights were trained on, and their predictions into words."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np

from kmb_core import backend, config, errors, ops, utils

CLASS_NAMES = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
CLASS_NAMES_DIGEST = "c2c37ea517e94d9795004a39431a14cb"

# Means and deviations of ImageNet: of bytes in the order blue, green, red for Caffe, of [0, 1] in red, green, blue.
_CAFFE_MEANS = (103.939, 116.779, 123.68)
_TORCH_MEANS, _TORCH_DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Bring images of values 0 to 255 into the range that a model was trained on.

    Args:
        x: array or tensor of shape (height, width, 3) or (batch, height, width, 3), or with the channels first.
        data_format: "channels_first", "channels_last", or None for the configured one.
        mode: "caffe" turns RGB into BGR and subtracts ImageNet's means; "tf" scales to -1 to 1; "torch" scales to 0 to
            1 and normalizes each channel.

    Returns:
        Floating values of the same shape: a NumPy array for an array, else a tensor.

    Raises:
        ValueError: for an unknown mode or data format.

    Example:
        >>> import numpy as np
        >>> float(preprocess_input(np.full((1, 1, 3), 255.0), mode="tf").max())
        1.0
    """
    if mode not in ("caffe", "tf", "torch"):
        raise ValueError(errors.message(f"preprocess_input: mode={mode!r}, expected 'caffe', 'tf' or 'torch'."))
    layout = data_format or config.image_data_format()
    if layout not in ("channels_first", "channels_last"):
        raise ValueError(
            errors.message(
                f"preprocess_input: data_format={data_format!r}, expected 'channels_first' or 'channels_last'."
            )
        )
    if isinstance(x, np.ndarray):
        kept = x.dtype if np.issubdtype(x.dtype, np.floating) else np.dtype(config.floatx())
        return _scaled(x.astype(kept), layout, mode, lambda values: np.asarray(values, kept), np.flip)
    tensor = x if utils.is_keras_tensor(x) else ops.convert_to_tensor(x)
    if not backend.is_float_dtype(tensor.dtype):
        tensor = ops.cast(tensor, config.floatx())
    return _scaled(tensor, layout, mode, lambda v: ops.convert_to_tensor(v, dtype=tensor.dtype), ops.flip)


def _scaled(x: Any, layout: str, mode: str, constant: Any, flip: Any) -> Any:
    axis = len(x.shape) - 3 if layout == "channels_first" else len(x.shape) - 1

    def along(values: tuple[float, ...]) -> Any:
        return constant(np.reshape(values, [3 if i == axis else 1 for i in range(len(x.shape))]))

    if mode == "tf":
        return x / 127.5 - 1.0
    if mode == "torch":
        return (x / 255.0 - along(_TORCH_MEANS)) / along(_TORCH_DEVIATIONS)
    return flip(x, axis=axis) - along(_CAFFE_MEANS)


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, float]]]:
    """Name the likeliest classes of ImageNet in a batch of predictions.

    The names are downloaded once.

    Args:
        preds: probabilities of shape (batch, 1000).
        top: how many classes to name for each image.

    Returns:
        For each image a list of (WordNet id, name, probability), likeliest first.

    Raises:
        ShapeError: for another shape.

    Example:
        >>> import numpy as np
        >>> decode_predictions(np.zeros((0, 1000)))
        []
    """
    values = np.asarray(ops.convert_to_numpy(preds))
    if values.ndim != 2 or values.shape[1] != 1000:
        raise errors.ShapeError(
            errors.message(
                f"decode_predictions: preds of shape {values.shape}, expected (batch, 1000).",
                "Only models with ImageNet's classes on top have predictions that can be named.",
            )
        )
    return [_named(row, top) for row in values]


def _named(row: np.ndarray, top: int) -> list[tuple[str, str, float]]:
    names = _class_names()
    return [(*names[str(i)], row[i]) for i in np.argsort(row)[::-1][:top]]


@cache
def _class_names() -> dict[str, tuple[str, str]]:
    path = utils.get_file("imagenet_class_index.json", CLASS_NAMES, cache_subdir="models", file_hash=CLASS_NAMES_DIGEST)
    with open(path, encoding="utf-8") as file:
        return {key: tuple(value) for key, value in json.load(file).items()}
