"""Densely connected networks: a layer sees the maps of all layers before it.

Densely Connected Convolutional Networks (Huang, Liu, van der Maaten, Weinberger, 2016),
https://arxiv.org/abs/1608.06993: the networks DenseNet-BC of its table 1, of growth rate 32.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmb_applications import construction, imagenet_utils, pretrained, resnet
from kmb_applications.imagenet_utils import decode_predictions
from kmb_core import Model, layers

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/densenet/"
# MD5 of the files with and without the top
DIGESTS = {
    121: ("9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"),
    169: ("d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b"),
    201: ("1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1"),
}
# how many layers each dense block has
DEPTHS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}
GROWTH = 32


def _activated(x: Any, name: str) -> Any:
    """Batch normalization and ReLU; the convolution follows."""
    prefix = f"{name}_" if name else ""
    x = layers.BatchNormalization(axis=construction.channel_axis(), epsilon=1.001e-5, name=f"{prefix}bn")(x)
    return layers.Activation("relu", name=f"{prefix}relu")(x)


def _dense_layer(x: Any, name: str) -> Any:
    """1x1 to four times the growth, 3x3 to the growth; the new maps are put behind the ones there were."""
    new = layers.Conv2D(4 * GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(_activated(x, f"{name}_0"))
    new = _activated(new, f"{name}_1")
    new = layers.Conv2D(GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(new)
    return layers.Concatenate(axis=construction.channel_axis(), name=f"{name}_concat")([x, new])


def _transition(x: Any, name: str) -> Any:
    """Half as many channels, half the sides."""
    channels = x.shape[construction.channel_axis()] // 2
    x = layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_conv")(_activated(x, name))
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def _stem(x: Any) -> Any:
    x = layers.ZeroPadding2D(((3, 3), (3, 3)))(x)
    x = layers.Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x)
    x = layers.ZeroPadding2D(((1, 1), (1, 1)))(_activated(x, "conv1"))
    return layers.MaxPooling2D(3, strides=2, name="pool1")(x)


def _blocks(x: Any, depths: Sequence[int]) -> Any:
    for stage, depth in enumerate(depths, start=2):
        for index in range(1, depth + 1):
            x = _dense_layer(x, f"conv{stage}_block{index}")
        if stage <= len(depths):
            x = _transition(x, f"pool{stage}")
    return _activated(x, "")


def _dense_network(
    layer_count: int,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: Sequence[int | None] | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Model:
    construction.check_options(name, weights, include_top, classes, pooling)
    if include_top:
        construction.check_activation(name, weights, classifier_activation)
    x = images = construction.image_input(
        input_tensor, input_shape, model=name, size=224, smallest=32, include_top=include_top, weights=weights
    )
    x = _blocks(_stem(x), DEPTHS[layer_count])
    x = resnet.topped(x, include_top, pooling, classes, classifier_activation)
    published = _file(layer_count, include_top)
    return construction.finished(images, x, name=name, weights=weights, published=published)


def _file(layer_count: int, include_top: bool) -> pretrained.File:
    name = f"densenet{layer_count}_weights_tf_dim_ordering_tf_kernels{'' if include_top else '_notop'}.h5"
    return pretrained.File(ADDRESS + name, name, DIGESTS[layer_count][0 if include_top else 1])


def DenseNet121(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "densenet121",
) -> Model:
    """DenseNet-121: four dense blocks of 6, 12, 24 and 16 layers.

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
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1024 features, or (batch, 1024) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = DenseNet121(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1024)
    """
    options = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _dense_network(121, *options)


def DenseNet169(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "densenet169",
) -> Model:
    """DenseNet-169: four dense blocks of 6, 12, 32 and 32 layers.

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
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1664 features, or (batch, 1664) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = DenseNet169(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1664)
    """
    options = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _dense_network(169, *options)


def DenseNet201(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "densenet201",
) -> Model:
    """DenseNet-201: four dense blocks of 6, 12, 48 and 32 layers.

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
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1920 features, or (batch, 1920) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = DenseNet201(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1920)
    """
    options = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _dense_network(201, *options)


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Bring images of values 0 to 255 into this family's range: 0 to 1, normalized by ImageNet's means and deviations.

    See `imagenet_utils.preprocess_input`, mode "torch".

    Example:
        >>> import numpy as np
        >>> preprocess_input(np.zeros((2, 8, 8, 3))).shape
        (2, 8, 8, 3)
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="torch")


__all__ = ["DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]
