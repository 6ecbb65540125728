"""Depthwise separable convolutions with residual connections.

Xception: Deep Learning with Depthwise Separable Convolutions (Chollet, 2016),
https://arxiv.org/abs/1610.02357: figure 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmb_applications import construction, imagenet_utils, pretrained
from kmb_applications.imagenet_utils import decode_predictions
from kmb_core import Model, layers

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/xception/"
# MD5 of the files with and without the top
DIGESTS = ("0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97")
MIDDLE_BLOCKS = range(5, 13)


def _normalized(x: Any, name: str | None) -> Any:
    return layers.BatchNormalization(axis=construction.channel_axis(), name=name)(x)


def _convolution(x: Any, filters: int, stride: int, name: str) -> Any:
    x = layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=name)(x)
    return layers.Activation("relu", name=f"{name}_act")(_normalized(x, f"{name}_bn"))


def _separable(x: Any, filters: int, name: str) -> Any:
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return _normalized(x, f"{name}_bn")


def _activated_separable(x: Any, filters: int, name: str) -> Any:
    return _separable(layers.Activation("relu", name=f"{name}_act")(x), filters, name)


def _smaller(x: Any, filters: tuple[int, int], name: str, activated: bool = True) -> Any:
    """Two separable convolutions and a maximum of stride 2, added to a 1x1 convolution of stride 2."""
    shortcut = layers.Conv2D(filters[1], 1, strides=2, padding="same", use_bias=False)(x)
    shortcut = _normalized(shortcut, None)
    first = _activated_separable if activated else _separable
    x = first(x, filters[0], f"{name}_sepconv1")
    x = _activated_separable(x, filters[1], f"{name}_sepconv2")
    x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"{name}_pool")(x)
    return layers.Add()([x, shortcut])


def _middle(x: Any, name: str) -> Any:
    changed = x
    for index in (1, 2, 3):
        changed = _activated_separable(changed, 728, f"{name}_sepconv{index}")
    return layers.Add()([changed, x])


def _flows(x: Any) -> Any:
    """Entry, middle and exit."""
    x = _convolution(x, 32, 2, "block1_conv1")
    x = _convolution(x, 64, 1, "block1_conv2")
    x = _smaller(x, (128, 128), "block2", activated=False)
    x = _smaller(x, (256, 256), "block3")
    x = _smaller(x, (728, 728), "block4")
    for block in MIDDLE_BLOCKS:
        x = _middle(x, f"block{block}")
    x = _smaller(x, (728, 1024), "block13")
    for index, filters in enumerate((1536, 2048), start=1):
        x = _separable(x, filters, f"block14_sepconv{index}")
        x = layers.Activation("relu", name=f"block14_sepconv{index}_act")(x)
    return x


def _file(include_top: bool) -> pretrained.File:
    name = f"xception_weights_tf_dim_ordering_tf_kernels{'' if include_top else '_notop'}.h5"
    return pretrained.File(ADDRESS + name, name, DIGESTS[0 if include_top else 1])


def Xception(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "xception",
) -> Model:
    """Xception: 36 convolutions in 14 blocks.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 71; (299, 299, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        2048 features, or (batch, 2048) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = Xception(weights=None, include_top=False, input_shape=(71, 71, 3), pooling="avg")
        >>> model.output_shape
        (None, 2048)
    """
    construction.check_options(name, weights, include_top, classes, pooling)
    if include_top:
        construction.check_activation(name, weights, classifier_activation)
    x = images = construction.image_input(
        input_tensor, input_shape, model=name, size=299, smallest=71, include_top=include_top, weights=weights
    )
    x = _flows(x)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = construction.pooled(x, pooling)
    return construction.finished(images, x, name=name, weights=weights, published=_file(include_top))


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Bring images of values 0 to 255 into this family's range: -1 to 1.

    See `imagenet_utils.preprocess_input`, mode "tf".

    Example:
        >>> import numpy as np
        >>> preprocess_input(np.zeros((2, 8, 8, 3))).shape
        (2, 8, 8, 3)
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")


__all__ = ["Xception", "decode_predictions", "preprocess_input"]
