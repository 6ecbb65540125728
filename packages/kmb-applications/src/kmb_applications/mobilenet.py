"""Depthwise convolutions and 1x1 ones in turn, for small devices.

MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications (Howard and others, 2017),
https://arxiv.org/abs/1704.04861: table 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmb_applications import construction, imagenet_utils, pretrained
from kmb_applications.imagenet_utils import decode_predictions
from kmb_core import Model, errors, layers

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/"
# what was published: width multipliers as they are written in file names, and sides of images
ALPHAS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
SIDES = (128, 160, 192, 224)
# channels and stride of each pair of convolutions
PAIRS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))


def _activated(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(axis=construction.channel_axis(), name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def _pair(x: Any, filters: int, stride: int, depth_multiplier: int, index: int) -> Any:
    """A depthwise 3x3 convolution, then a 1x1 one, each normalized and activated."""
    if stride == 2:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{index}")(x)
    depthwise = layers.DepthwiseConv2D(
        3,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        depth_multiplier=depth_multiplier,
        use_bias=False,
        name=f"conv_dw_{index}",
    )
    x = _activated(depthwise(x), f"conv_dw_{index}")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"conv_pw_{index}")(x)
    return _activated(x, f"conv_pw_{index}")


def _features(x: Any, alpha: float, depth_multiplier: int) -> Any:
    x = layers.Conv2D(int(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="conv1")(x)
    x = _activated(x, "conv1")
    for index, (filters, stride) in enumerate(PAIRS, start=1):
        x = _pair(x, int(filters * alpha), stride, depth_multiplier, index)
    return x


def _classified(x: Any, dropout: float, classes: int, activation: Any) -> Any:
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Conv2D(classes, 1, padding="same", name="conv_preds")(x)
    x = layers.Reshape((classes,), name="reshape_2")(x)
    return layers.Activation(activation, name="predictions")(x)


def _check_published(alpha: float, depth_multiplier: int) -> None:
    if alpha not in ALPHAS or depth_multiplier != 1:
        raise ValueError(
            errors.message(
                f"MobileNet: alpha={alpha}, depth_multiplier={depth_multiplier}: no such weights were published.",
                f"There are those of depth_multiplier=1 and alpha in {sorted(ALPHAS)}.",
                "Pass weights=None.",
            )
        )


def _file(alpha: float, size: int, include_top: bool) -> pretrained.File | None:
    if alpha not in ALPHAS:
        return None
    name = f"mobilenet_{ALPHAS[alpha]}_{size}_tf{'' if include_top else '_no_top'}.h5"
    return pretrained.File(ADDRESS + name, name)


def MobileNet(
    input_shape: Sequence[int | None] | None = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 0.001,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """MobileNet of width `alpha`.

    Args:
        input_shape: shape of an image without the batch, sides of at least 32; (224, 224, 3) by default.
        alpha: multiplies the number of channels of every layer.
        depth_multiplier: how many maps a depthwise convolution makes of each channel.
        dropout: rate of dropout before the classifier.
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
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
        >>> model = MobileNet(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1024)
    """
    construction.check_options("MobileNet", weights, include_top, classes, pooling)
    if include_top:
        construction.check_activation("MobileNet", weights, classifier_activation)
    size = construction.published_size(construction.given_shape(input_tensor, input_shape), SIDES)
    if weights == "imagenet":
        _check_published(alpha, depth_multiplier)
    x = images = construction.image_input(
        input_tensor, input_shape, model="MobileNet", size=size, smallest=32, include_top=include_top, weights=weights
    )
    x = _features(x, alpha, depth_multiplier)
    if include_top:
        x = _classified(x, dropout, classes, classifier_activation)
    else:
        x = construction.pooled(x, pooling)
    name = name or f"mobilenet_{alpha:0.2f}_{construction.side(input_shape, size)}"
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


__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]
