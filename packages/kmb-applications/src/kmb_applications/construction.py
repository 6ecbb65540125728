"""What every architecture has at its two ends: the image that enters, and the classifier that may stand on top.

An architecture's function calls `image_input`, builds its blocks, and hands its features to `finished`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmb_applications import pretrained
from kmb_core import Input, Model, config, errors, layers, utils

POOLINGS = (None, "avg", "max")


def channel_axis() -> int:
    """The axis of the channels: 1 or -1 (written 3, as files have it)."""
    return 1 if config.image_data_format() == "channels_first" else 3


def image_input(
    input_tensor: Any,
    input_shape: Sequence[int | None] | None,
    *,
    model: str,
    size: int,
    smallest: int,
    include_top: bool,
    weights: Any,
    fixed: bool = True,
) -> Any:
    """The symbolic images that a model starts from.

    Args:
        input_tensor: a KerasTensor to start from, an array-like to stand for one, or None.
        input_shape: one image's shape without the batch, in the current data format, or None for the default.
        model: the model's name, for errors.
        size: the side of the images that the published weights were trained on.
        smallest: the smallest side for which every layer still has something to look at.
        include_top: whether a classifier follows. It fixes the size when published weights are asked for.
        weights: as the model's function got it.
        fixed: whether the top needs a known size even without published weights (a flattening top).

    Returns:
        A KerasTensor of shape (batch, height, width, channels), or (batch, channels, height, width).

    Raises:
        ShapeError: for a rank, side or number of channels that the model does not take, or where the two arguments
            contradict each other.
        DTypeError: for an `input_tensor` that is no tensor.
    """
    _check_tensor(model, input_tensor, input_shape)
    given = given_shape(input_tensor, input_shape)
    shape = _checked_shape(given, model, size, smallest, include_top, weights, fixed)
    if input_tensor is None:
        return Input(shape=shape)
    if utils.is_keras_tensor(input_tensor):
        return input_tensor
    return Input(shape=shape, tensor=input_tensor)


def _check_tensor(model: str, input_tensor: Any, input_shape: Sequence[int | None] | None) -> None:
    if input_tensor is None:
        return
    if not hasattr(input_tensor, "shape"):
        got = type(input_tensor).__name__
        raise errors.DTypeError(errors.message(f"{model}: input_tensor is a KerasTensor or an array, got {got}."))
    shape = tuple(input_tensor.shape)
    if len(shape) != 4:
        raise errors.ShapeError(errors.message(f"{model}: input_tensor has shape {shape}, no images."))
    if input_shape is not None and not _agree(shape[1:], tuple(input_shape)):
        raise errors.ShapeError(
            errors.message(
                f"{model}: input_tensor has images of shape {shape[1:]}, input_shape={tuple(input_shape)}.",
                remedy="Pass one of the two.",
            )
        )


def _agree(one: tuple[int | None, ...], other: tuple[int | None, ...]) -> bool:
    return len(one) == len(other) and all(None in (a, b) or a == b for a, b in zip(one, other, strict=True))


def given_shape(input_tensor: Any, input_shape: Sequence[int | None] | None) -> Sequence[int | None] | None:
    """The shape of an image without the batch that a model was asked for, by a tensor or in words; None by neither."""
    shape = getattr(input_tensor, "shape", None)
    return input_shape if shape is None or len(shape) != 4 else tuple(shape[1:])


def _checked_shape(
    given: Sequence[int | None] | None,
    model: str,
    size: int,
    smallest: int,
    include_top: bool,
    weights: Any,
    fixed: bool,
) -> tuple[int | None, ...]:
    first = config.image_data_format() == "channels_first"
    if given is None:
        side = size if include_top else None
        return (3, side, side) if first else (side, side, 3)
    shape = tuple(given)
    if len(shape) != 3:
        raise _refused(model, shape, "three sizes: height, width and channels", first)
    channels, sides = (shape[0], shape[1:]) if first else (shape[2], shape[:2])
    if weights == "imagenet" and channels != 3:
        raise _refused(model, shape, 'three channels, which weights="imagenet" have', first)
    if weights == "imagenet" and include_top and sides != (size, size):
        raise _refused(model, shape, f'{size} by {size}, for weights="imagenet" with include_top=True', first)
    if any(side is not None and side < smallest for side in sides):
        raise _refused(model, shape, f"sides of at least {smallest}", first)
    if include_top and fixed and None in sides:
        raise _refused(model, shape, "known sides, which include_top=True needs", first)
    return shape


def _refused(model: str, shape: tuple[Any, ...], expected: str, first: bool) -> errors.ShapeError:
    order = "(channels, height, width)" if first else "(height, width, channels)"
    return errors.ShapeError(
        errors.message(
            f"{model}: images of shape {shape}, expected {expected}.",
            f"The data format is {config.image_data_format()}: shapes are {order}, without the batch.",
            "Pass include_top=False or weights=None for other images, or resize them.",
        )
    )


def check_options(model: str, weights: Any, include_top: bool, classes: int, pooling: str | None) -> None:
    """Refuse options that contradict each other, before anything is built.

    Raises:
        ValueError: for an unknown pooling, or `classes` that the published weights do not have.
        MissingFileError: for weights that are neither None, "imagenet" nor a file.
    """
    pretrained.check(model, weights)
    if pooling not in POOLINGS:
        raise ValueError(errors.message(f"{model}: pooling={pooling!r}, expected None, 'avg' or 'max'."))
    if weights == "imagenet" and include_top and classes != 1000:
        raise ValueError(
            errors.message(
                f'{model}: classes={classes}, but weights="imagenet" tell 1000 classes apart.',
                remedy="Pass include_top=False and put a Dense layer of your own on top, or weights=None.",
            )
        )


def check_activation(model: str, weights: Any, activation: Any) -> None:
    """Refuse a top that turns published weights into something else than probabilities or logits.

    Raises:
        ValueError: for an activation other than "softmax" and None.
    """
    name = getattr(activation, "__name__", activation)
    if weights is not None and name not in (None, "softmax"):
        raise ValueError(
            errors.message(
                f"{model}: classifier_activation={activation!r}, expected 'softmax' or None with weights.",
                "The weights were trained with a softmax on top.",
                "Pass classifier_activation=None and apply the activation to the logits.",
            )
        )


def published_size(input_shape: Sequence[int | None] | None, sides: Sequence[int]) -> int:
    """The side, of those that weights were published for, that fits the images; 224 where none does."""
    found = side(input_shape, 224)
    return found if found in sides else 224


def side(input_shape: Sequence[int | None] | None, default: int) -> int:
    """The height of the images, or a default where it is not known or they are not square."""
    if input_shape is None or len(input_shape) != 3:
        return default
    height, width = input_shape[1:] if channel_axis() == 1 else input_shape[:2]
    return height if height is not None and height == width else default


def divisible(channels: float, divisor: int = 8) -> int:
    """The nearest multiple of the divisor, at least 90 % of what was asked for."""
    nearest = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * channels else nearest


def halving_padding(x: Any, kernel: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Zeros around images for a convolution of stride 2, so that it gives half the side: fewer at the start if even."""
    sides = x.shape[2:4] if channel_axis() == 1 else x.shape[1:3]
    full = kernel // 2
    height, width = (full if size is not None and size % 2 else full - 1 for size in sides)
    return (height, full), (width, full)


def pooled(features: Any, pooling: str | None) -> Any:
    """The features of a model without a top: as they are, or averaged, or their largest, for each channel."""
    if pooling == "avg":
        return layers.GlobalAveragePooling2D()(features)
    return layers.GlobalMaxPooling2D()(features) if pooling == "max" else features


def finished(images: Any, outputs: Any, *, name: str, weights: Any, published: pretrained.File | None) -> Model:
    """The model from images to outputs, with the weights asked for."""
    inputs = _sources(images)
    model = Model(inputs, outputs, name=name)
    pretrained.load(model, weights, published)
    return model


def _sources(images: Any) -> Any:
    found = utils.get_source_inputs(images)
    return found[0] if len(found) == 1 else found
