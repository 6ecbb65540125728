"""Inception: several convolutions side by side, large ones taken apart into small and asymmetric ones.

Rethinking the Inception Architecture for Computer Vision (Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, 2015),
https://arxiv.org/abs/1512.00567: table 1 with the blocks of its figures 5, 6, 7 and 10. As in the published weights,
batch normalization without a scale follows every convolution, one branch of figure 5 keeps its 5x5 convolution, the
blocks' first 1x1 convolutions have fewer channels than those after them, and there is no second classifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmb_applications import construction, imagenet_utils, pretrained
from kmb_applications.imagenet_utils import decode_predictions
from kmb_core import Model, layers

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/"
# MD5 of the files with and without the top
DIGESTS = ("9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63")
# the channels that vary from block to block: of the pooled branch in figure 5, inside the asymmetric ones in figure 6
POOLED = (32, 64, 64)
INNER = (128, 160, 160, 192)
ROW, COLUMN = (1, 7), (7, 1)


def convolution(x: Any, filters: int, kernel: Any, stride: int = 1, padding: str = "same") -> Any:
    """A convolution, normalized, then ReLU."""
    x = layers.Conv2D(filters, kernel, strides=stride, padding=padding, use_bias=False)(x)
    x = layers.BatchNormalization(axis=construction.channel_axis(), scale=False)(x)
    return layers.Activation("relu")(x)


def branch(x: Any, *steps: tuple[int, Any]) -> Any:
    """One convolution after the other: (channels, kernel) of each."""
    for filters, kernel in steps:
        x = convolution(x, filters, kernel)
    return x


def halved(x: Any, filters: int) -> Any:
    """A 3x3 convolution of stride 2."""
    return convolution(x, filters, 3, 2, "valid")


def largest(x: Any) -> Any:
    """The maxima of 3x3 windows, of stride 2."""
    return layers.MaxPooling2D(3, strides=2)(x)


def pooled_branch(x: Any, filters: int) -> Any:
    """The means of 3x3 windows, and a 1x1 convolution."""
    return convolution(layers.AveragePooling2D(3, strides=1, padding="same")(x), filters, 1)


def joined(branches: Sequence[Any], name: str | None = None) -> Any:
    """The branches' channels behind each other."""
    return layers.Concatenate(axis=construction.channel_axis(), name=name)(branches)


def stem(x: Any) -> Any:
    """From images of 299 by 299 to 192 maps of 35 by 35."""
    x = halved(x, 32)
    x = convolution(x, 32, 3, padding="valid")
    x = largest(convolution(x, 64, 3))
    x = convolution(x, 80, 1, padding="valid")
    return largest(convolution(x, 192, 3, padding="valid"))


def small_block(x: Any, first: int, pooled: int, name: str) -> Any:
    """Figure 5: 1x1, 5x5, twice 3x3, and pooling."""
    single = branch(x, (first, 1))
    large = branch(x, (48, 1), (64, 5))
    double = branch(x, (64, 1), (96, 3), (96, 3))
    return joined([single, large, double, pooled_branch(x, pooled)], name)


def _asymmetric_block(x: Any, inner: int, name: str) -> Any:
    """Figure 6: 1x1, 7x7 as a row and a column, the same twice, and pooling."""
    single = branch(x, (192, 1))
    once = branch(x, (inner, 1), (inner, ROW), (192, COLUMN))
    twice = branch(x, (inner, 1), (inner, COLUMN), (inner, ROW), (inner, COLUMN), (192, ROW))
    return joined([single, once, twice, pooled_branch(x, 192)], name)


def _wide_block(x: Any, name: str, split: str) -> Any:
    """Figure 7: rows and columns of 3 beside each other, for the last and smallest maps."""
    single = branch(x, (320, 1))
    once = branch(x, (384, 1))
    once = joined([convolution(once, 384, (1, 3)), convolution(once, 384, (3, 1))], split)
    twice = branch(x, (448, 1), (384, 3))
    twice = joined([convolution(twice, 384, (1, 3)), convolution(twice, 384, (3, 1))])
    return joined([single, once, twice, pooled_branch(x, 192)], name)


def _to_17(x: Any, name: str) -> Any:
    """Figure 10, from 35 by 35 to 17 by 17."""
    once = halved(x, 384)
    twice = halved(branch(x, (64, 1), (96, 3)), 96)
    return joined([once, twice, largest(x)], name)


def _to_8(x: Any, name: str) -> Any:
    """Figure 10, from 17 by 17 to 8 by 8."""
    once = halved(branch(x, (192, 1)), 320)
    twice = halved(branch(x, (192, 1), (192, ROW), (192, COLUMN)), 192)
    return joined([once, twice, largest(x)], name)


def _blocks(x: Any) -> Any:
    for index, pooled in enumerate(POOLED):
        x = small_block(x, 64, pooled, f"mixed{index}")
    x = _to_17(x, "mixed3")
    for index, inner in enumerate(INNER, start=4):
        x = _asymmetric_block(x, inner, f"mixed{index}")
    x = _to_8(x, "mixed8")
    for index in range(2):
        x = _wide_block(x, f"mixed{9 + index}", f"mixed9_{index}")
    return x


def _file(include_top: bool) -> pretrained.File:
    name = f"inception_v3_weights_tf_dim_ordering_tf_kernels{'' if include_top else '_notop'}.h5"
    return pretrained.File(ADDRESS + name, name, DIGESTS[0 if include_top else 1])


def InceptionV3(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "inception_v3",
) -> Model:
    """Inception-v3: eleven blocks of several branches.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 75; (299, 299, 3) by default.
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
        >>> model = InceptionV3(weights=None, include_top=False, input_shape=(75, 75, 3), pooling="avg")
        >>> model.output_shape
        (None, 2048)
    """
    construction.check_options(name, weights, include_top, classes, pooling)
    if include_top:
        construction.check_activation(name, weights, classifier_activation)
    x = images = construction.image_input(
        input_tensor, input_shape, model=name, size=299, smallest=75, include_top=include_top, weights=weights
    )
    x = _blocks(stem(x))
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


__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]
