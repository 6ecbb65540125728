"""Residual networks of the second version: a block normalizes before it convolves, and nothing stands on the sum.

Identity Mappings in Deep Residual Networks (He, Zhang, Ren, Sun, 2016), https://arxiv.org/abs/1603.05027. As in the
published weights, the last block of a stage has the stride, and its shortcut is a maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmb_applications import imagenet_utils
from kmb_applications.imagenet_utils import decode_predictions
from kmb_applications.resnet import DEPTHS, normalized, residual_network, stem
from kmb_core import Model, layers


def _bottleneck(x: Any, filters: int, stride: int, projected: bool, name: str) -> Any:
    """Normalized first; then 1x1, 3x3 and 1x1, added to the input, its projection, or its smaller image."""
    ready = layers.Activation("relu", name=f"{name}_preact_relu")(normalized(x, f"{name}_preact_bn"))
    shortcut = _shortcut(x, ready, filters, stride, projected, name)
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(ready)
    x = layers.Activation("relu", name=f"{name}_1_relu")(normalized(x, f"{name}_1_bn"))
    x = layers.ZeroPadding2D(((1, 1), (1, 1)), name=f"{name}_2_pad")(x)
    x = layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=f"{name}_2_conv")(x)
    x = layers.Activation("relu", name=f"{name}_2_relu")(normalized(x, f"{name}_2_bn"))
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return layers.Add(name=f"{name}_out")([shortcut, x])


def _shortcut(x: Any, ready: Any, filters: int, stride: int, projected: bool, name: str) -> Any:
    if projected:
        return layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(ready)
    return layers.MaxPooling2D(1, strides=stride)(x) if stride > 1 else x


def _stages(x: Any, depths: Sequence[int]) -> Any:
    for stage, depth in enumerate(depths):
        for block in range(depth):
            stride = 2 if block == depth - 1 and stage < 3 else 1
            x = _bottleneck(x, 64 * 2**stage, stride, block == 0, f"conv{stage + 2}_block{block + 1}")
    x = normalized(x, "post_bn")
    return layers.Activation("relu", name="post_relu")(x)


def _residual(layer_count: int, *options: Any) -> Model:
    def body(images: Any) -> Any:
        return _stages(stem(images, activated=False), DEPTHS[layer_count])

    return residual_network(body, f"resnet{layer_count}v2", *options)


def ResNet50V2(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet50v2",
) -> Model:
    """ResNet-50V2: blocks that normalize before they convolve.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (224, 224, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to
        features of shape (batch, height / 32, width / 32, 2048), or (batch, 2048) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = ResNet50V2(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> model.output_shape
        (None, 1, 1, 2048)
    """
    options = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _residual(50, *options)


def ResNet101V2(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet101v2",
) -> Model:
    """ResNet-101V2: blocks that normalize before they convolve.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (224, 224, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to
        features of shape (batch, height / 32, width / 32, 2048), or (batch, 2048) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = ResNet101V2(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> model.output_shape
        (None, 1, 1, 2048)
    """
    options = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _residual(101, *options)


def ResNet152V2(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet152v2",
) -> Model:
    """ResNet-152V2: blocks that normalize before they convolve.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (224, 224, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to
        features of shape (batch, height / 32, width / 32, 2048), or (batch, 2048) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = ResNet152V2(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> model.output_shape
        (None, 1, 1, 2048)
    """
    options = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _residual(152, *options)


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Bring images of values 0 to 255 into this family's range: -1 to 1.

    See `imagenet_utils.preprocess_input`, mode "tf".

    Example:
        >>> import numpy as np
        >>> preprocess_input(np.zeros((2, 8, 8, 3))).shape
        (2, 8, 8, 3)
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")


__all__ = ["ResNet101V2", "ResNet152V2", "ResNet50V2", "decode_predictions", "preprocess_input"]
