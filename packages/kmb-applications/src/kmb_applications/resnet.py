"""Residual networks: a block learns what to add to its input.

Deep Residual Learning for Image Recognition (He, Zhang, Ren, Sun, 2015), https://arxiv.org/abs/1512.03385: the networks
of bottlenecks in its table 1. Where a stage makes images smaller, the first 1x1 convolution has the stride, as in the
paper; convolutions have biases although batch normalization follows, because the published weights do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kmb_applications import construction, imagenet_utils, pretrained
from kmb_applications.imagenet_utils import decode_predictions
from kmb_core import Model, layers

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/resnet/"
# MD5 of the files with and without the top
DIGESTS = {
    "resnet50": ("2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"),
    "resnet101": ("f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"),
    "resnet152": ("100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"),
    "resnet50v2": ("3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917"),
    "resnet101v2": ("6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5"),
    "resnet152v2": ("a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33"),
}
# how many blocks each of the four stages has
DEPTHS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
EPSILON = 1.001e-5


def normalized(x: Any, name: str) -> Any:
    """Batch normalization of the channels."""
    return layers.BatchNormalization(axis=construction.channel_axis(), epsilon=EPSILON, name=name)(x)


def _bottleneck(x: Any, filters: int, stride: int, projected: bool, name: str) -> Any:
    """1x1 to few channels, 3x3, 1x1 to four times as many, added to the input or to its projection."""
    shortcut = x
    if projected:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x)
        shortcut = normalized(shortcut, f"{name}_0_bn")
    x = layers.Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x)
    x = layers.Activation("relu", name=f"{name}_1_relu")(normalized(x, f"{name}_1_bn"))
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = layers.Activation("relu", name=f"{name}_2_relu")(normalized(x, f"{name}_2_bn"))
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    x = normalized(x, f"{name}_3_bn")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def _stages(x: Any, depths: Sequence[int]) -> Any:
    for stage, depth in enumerate(depths):
        for block in range(depth):
            stride = 2 if block == 0 and stage > 0 else 1
            x = _bottleneck(x, 64 * 2**stage, stride, block == 0, f"conv{stage + 2}_block{block + 1}")
    return x


def stem(x: Any, activated: bool) -> Any:
    """7x7 convolution and maximum, each with stride 2; version 2 leaves normalization to its blocks."""
    x = layers.ZeroPadding2D(((3, 3), (3, 3)), name="conv1_pad")(x)
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    if activated:
        x = layers.Activation("relu", name="conv1_relu")(normalized(x, "conv1_bn"))
    x = layers.ZeroPadding2D(((1, 1), (1, 1)), name="pool1_pad")(x)
    return layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)


def topped(x: Any, include_top: bool, pooling: str | None, classes: int, activation: Any) -> Any:
    """Mean over the image and a classifier, or the features without it."""
    if not include_top:
        return pooled(x, pooling)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return layers.Dense(classes, activation=activation, name="predictions")(x)


def pooled(x: Any, pooling: str | None) -> Any:
    """The features as they are, or pooled by a layer of a fixed name."""
    if pooling == "avg":
        return layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return layers.GlobalMaxPooling2D(name="max_pool")(x) if pooling == "max" else x


def residual_network(
    body: Callable[[Any], Any],
    published: str,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: Sequence[int | None] | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Model:
    """A network of either version: `body` is what lies between the images and the top."""
    construction.check_options(name, weights, include_top, classes, pooling)
    if include_top:
        construction.check_activation(name, weights, classifier_activation)
    images = construction.image_input(
        input_tensor, input_shape, model=name, size=224, smallest=32, include_top=include_top, weights=weights
    )
    outputs = topped(body(images), include_top, pooling, classes, classifier_activation)
    return construction.finished(images, outputs, name=name, weights=weights, published=_file(published, include_top))


def _file(name: str, include_top: bool) -> pretrained.File:
    ending = "_weights_tf_dim_ordering_tf_kernels" + ("" if include_top else "_notop") + ".h5"
    return pretrained.File(ADDRESS + name + ending, name + ending, DIGESTS[name][0 if include_top else 1])


def _residual(layer_count: int, *options: Any) -> Model:
    def body(images: Any) -> Any:
        return _stages(stem(images, activated=True), DEPTHS[layer_count])

    return residual_network(body, f"resnet{layer_count}", *options)


def ResNet50(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet50",
) -> Model:
    """ResNet-50: the network of 50 layers in the paper's table 1.

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
        >>> model = ResNet50(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> model.output_shape
        (None, 1, 1, 2048)
    """
    options = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _residual(50, *options)


def ResNet101(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet101",
) -> Model:
    """ResNet-101: the network of 101 layers in the paper's table 1.

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
        >>> model = ResNet101(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> model.output_shape
        (None, 1, 1, 2048)
    """
    options = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _residual(101, *options)


def ResNet152(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet152",
) -> Model:
    """ResNet-152: the network of 152 layers in the paper's table 1.

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
        >>> model = ResNet152(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> model.output_shape
        (None, 1, 1, 2048)
    """
    options = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _residual(152, *options)


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Bring images of values 0 to 255 into this family's range: BGR, less ImageNet's means.

    See `imagenet_utils.preprocess_input`, mode "caffe".

    Example:
        >>> import numpy as np
        >>> preprocess_input(np.zeros((2, 8, 8, 3))).shape
        (2, 8, 8, 3)
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="caffe")


__all__ = ["ResNet101", "ResNet152", "ResNet50", "decode_predictions", "preprocess_input"]
