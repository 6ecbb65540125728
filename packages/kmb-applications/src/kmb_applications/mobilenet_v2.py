"""Inverted residuals: a block is wide inside and narrow where it is added.

MobileNetV2: Inverted Residuals and Linear Bottlenecks (Sandler and others, 2018), table 2,
https://arxiv.org/abs/1801.04381.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmb_applications import construction, imagenet_utils, pretrained
from kmb_applications.imagenet_utils import decode_predictions
from kmb_core import Model, errors, layers

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/"
# what was published: width multipliers and sides of images
ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
SIDES = (96, 128, 160, 192, 224)
# the paper's t, c, n, s: expansion, channels, repeats, stride of the first
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(axis=construction.channel_axis(), momentum=0.999, name=name)(x)


def _block(x: Any, expansion: int, filters: int, stride: int, name: str) -> Any:
    """1x1 to many channels, 3x3 of each channel, 1x1 to few without an activation; added where shapes allow it."""
    channels, start = x.shape[construction.channel_axis()], x
    if expansion > 1:
        x = layers.Conv2D(expansion * channels, 1, padding="same", use_bias=False, name=f"{name}_expand")(x)
        x = layers.ReLU(6.0, name=f"{name}_expand_relu")(_normalized(x, f"{name}_expand_BN"))
    if stride == 2:
        x = layers.ZeroPadding2D(construction.halving_padding(x, 3), name=f"{name}_pad")(x)
    padding = "same" if stride == 1 else "valid"
    x = layers.DepthwiseConv2D(3, strides=stride, padding=padding, use_bias=False, name=f"{name}_depthwise")(x)
    x = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(_normalized(x, f"{name}_depthwise_BN"))
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}_project")(x)
    x = _normalized(x, f"{name}_project_BN")
    return layers.Add(name=f"{name}_add")([start, x]) if stride == 1 and channels == filters else x


def _features(x: Any, alpha: float) -> Any:
    first, last = construction.divisible(32 * alpha), construction.divisible(1280 * max(alpha, 1.0))
    x = layers.Conv2D(first, 3, strides=2, padding="same", use_bias=False, name="Conv1")(x)
    x = layers.ReLU(6.0, name="Conv1_relu")(_normalized(x, "bn_Conv1"))
    blocks = [(t, c, s if i == 0 else 1) for t, c, n, s in STAGES for i in range(n)]
    for index, (expansion, filters, stride) in enumerate(blocks):
        name = f"block_{index}" if index else "expanded_conv"
        x = _block(x, expansion, construction.divisible(filters * alpha), stride, name)
    x = layers.Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
    return layers.ReLU(6.0, name="out_relu")(_normalized(x, "Conv_1_bn"))


def _check_published(alpha: float) -> None:
    if alpha not in ALPHAS:
        raise ValueError(
            errors.message(
                f"MobileNetV2: alpha={alpha}: no such weights were published.",
                f"There are those of alpha in {ALPHAS}.",
                "Pass weights=None.",
            )
        )


def _file(alpha: float, size: int, include_top: bool) -> pretrained.File:
    ending = "" if include_top else "_no_top"
    name = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{size}{ending}.h5"
    return pretrained.File(ADDRESS + name, name)


def MobileNetV2(
    input_shape: Sequence[int | None] | None = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """MobileNetV2 of width `alpha`.

    Args:
        input_shape: shape of an image without the batch, sides of at least 32; (224, 224, 3) by default.
        alpha: multiplies the number of channels of every layer.
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1280 features, or (batch, 1280) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = MobileNetV2(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1280)
    """
    construction.check_options("MobileNetV2", weights, include_top, classes, pooling)
    if include_top:
        construction.check_activation("MobileNetV2", weights, classifier_activation)
    size = construction.published_size(construction.given_shape(input_tensor, input_shape), SIDES)
    if weights == "imagenet":
        _check_published(alpha)
    x = images = construction.image_input(
        input_tensor, input_shape, model="MobileNetV2", size=size, smallest=32, include_top=include_top, weights=weights
    )
    x = _features(x, alpha)
    if include_top:
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = construction.pooled(x, pooling)
    name = name or f"mobilenetv2_{alpha:0.2f}_{construction.side(input_shape, size)}"
    published = _file(alpha, size, include_top)
    return construction.finished(images, x, name=name, weights=weights, published=published)


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Bring images of values 0 to 255 into this family's range: -1 to 1.

    See `imagenet_utils.preprocess_input`, mode "tf".

    Example:
        >>> import numpy as np
        >>> preprocess_input(np.zeros((2, 8, 8, 3))).shape
        (2, 8, 8, 3)
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")


__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]
