"""Inverted residuals found by search, with weighted channels and a cheaper curve for SiLU.

Searching for MobileNetV3 (Howard and others, 2019), tables 1 and 2, https://arxiv.org/abs/1905.02244. The minimalistic
networks, published with it, have windows of 3 by 3 only, ReLU everywhere and no weighted channels, for processors that
the rest is slow on. Images of values 0 to 255 are brought to -1 to 1 by the model. Sides may be open with a top too,
since the top is made of convolutions; the squeezed channels are a quarter of the expanded ones, as in the paper's text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kmb_applications import construction, pretrained
from kmb_applications.imagenet_utils import decode_predictions
from kmb_core import Model, errors, layers

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v3/"
# Of each block: expanded channels over those that come in, channels it gives, side of the windows, whether channels are
# weighted, whether it has the cheaper curve instead of ReLU, stride.
SMALL = (
    (1, 16, 3, True, False, 2),
    (72 / 16, 24, 3, False, False, 2),
    (88 / 24, 24, 3, False, False, 1),
    (4, 40, 5, True, True, 2),
    (6, 40, 5, True, True, 1),
    (6, 40, 5, True, True, 1),
    (3, 48, 5, True, True, 1),
    (3, 48, 5, True, True, 1),
    (6, 96, 5, True, True, 2),
    (6, 96, 5, True, True, 1),
    (6, 96, 5, True, True, 1),
)
LARGE = (
    (1, 16, 3, False, False, 1),
    (4, 24, 3, False, False, 2),
    (3, 24, 3, False, False, 1),
    (3, 40, 5, True, False, 2),
    (3, 40, 5, True, False, 1),
    (3, 40, 5, True, False, 1),
    (6, 80, 3, False, True, 2),
    (2.5, 80, 3, False, True, 1),
    (2.3, 80, 3, False, True, 1),
    (2.3, 80, 3, False, True, 1),
    (6, 112, 3, True, True, 1),
    (6, 112, 3, True, True, 1),
    (6, 160, 5, True, True, 2),
    (6, 160, 5, True, True, 1),
    (6, 160, 5, True, True, 1),
)
# {what was published: MD5 of the files with and without the top}
DIGESTS = {
    "small_224_0.75": ("cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"),
    "small_224_1.0": ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
    "small_minimalistic_224_1.0": ("99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4"),
    "large_224_0.75": ("765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"),
    "large_224_1.0": ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
    "large_minimalistic_224_1.0": ("675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973"),
}
EPSILON, MOMENTUM = 1e-3, 0.999


@dataclass(frozen=True)
class _Network:
    """What tells one network from the others."""

    size: str  # "small" or "large"
    blocks: tuple[tuple[float, int, int, bool, bool, int], ...]
    last: int  # channels in front of the classifier
    alpha: float
    minimalistic: bool

    def features(self, x: Any) -> Any:
        """From images to the last convolution that still sees places."""
        x = _normalized(_convolved(x, "conv", 16, 3, strides=2), "conv_bn")
        x = self._curved(x, True)
        for index, block in enumerate(self.blocks):
            x = self._block(x, f"expanded_conv_{index}" if index else "expanded_conv", *block)
        channels = construction.divisible(x.shape[construction.channel_axis()] * 6)
        return self._curved(_normalized(_convolved(x, "conv_1", channels), "conv_1_bn"), True)

    def _curved(self, x: Any, cheaper: bool) -> Any:
        return layers.Activation("hard_silu")(x) if cheaper and not self.minimalistic else layers.ReLU()(x)

    def _block(
        self, x: Any, name: str, expansion: float, filters: int, kernel: int, weighted: bool, cheaper: bool, stride: int
    ) -> Any:
        """1x1 to many channels, windows of each channel, weights of channels, 1x1 to few; added where shapes allow."""
        axis, start = construction.channel_axis(), x
        channels, filters = x.shape[axis], construction.divisible(filters * self.alpha)
        if expansion > 1:
            x = _convolved(x, f"{name}_expand", construction.divisible(channels * expansion))
            x = self._curved(_normalized(x, f"{name}_expand_bn"), cheaper)
        x = _windows(x, f"{name}_depthwise", 3 if self.minimalistic else kernel, stride)
        x = self._curved(_normalized(x, f"{name}_depthwise_bn"), cheaper)
        if weighted and not self.minimalistic:
            x = _weighted(x, f"{name}_squeeze_excite")
        x = _normalized(_convolved(x, f"{name}_project", filters), f"{name}_project_bn")
        return layers.Add(name=f"{name}_add")([start, x]) if stride == 1 and channels == filters else x

    def top(self, x: Any, classes: int, dropout: float, activation: Any) -> Any:
        """The mean over the image, one more layer, and a classifier."""
        wide = construction.divisible(self.last * self.alpha) if self.alpha > 1 else self.last
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = self._curved(layers.Conv2D(wide, 1, padding="same", name="conv_2")(x), True)
        if dropout > 0:
            x = layers.Dropout(dropout)(x)
        x = layers.Flatten()(layers.Conv2D(classes, 1, padding="same", name="logits")(x))
        return layers.Activation(activation=activation, name="predictions")(x)

    def file(self, include_top: bool) -> pretrained.File:
        """The published weights.

        Raises:
            ValueError: where there are none.
        """
        kind = f"{self.size}_minimalistic" if self.minimalistic else self.size
        key = f"{kind}_224_{float(self.alpha)}"
        if key not in DIGESTS:
            asked = f"alpha={self.alpha}, minimalistic={self.minimalistic}"
            published = " and ".join(found.rpartition("_")[2] for found in DIGESTS if found.startswith(f"{kind}_224"))
            raise ValueError(
                errors.message(
                    f"MobileNetV3: {asked}: no such weights were published.",
                    f"There are those of alpha {published}.",
                    "Pass weights=None.",
                )
            )
        name = f"weights_mobilenet_v3_{key}_float{'' if include_top else '_no_top_v2'}.h5"
        return pretrained.File(ADDRESS + name, name, DIGESTS[key][0 if include_top else 1])


def _convolved(x: Any, name: str, filters: int, kernel: int = 1, strides: int = 1) -> Any:
    return layers.Conv2D(filters, kernel, strides=strides, padding="same", use_bias=False, name=name)(x)


def _normalized(x: Any, name: str) -> Any:
    axis = construction.channel_axis()
    return layers.BatchNormalization(axis=axis, epsilon=EPSILON, momentum=MOMENTUM, name=name)(x)


def _windows(x: Any, name: str, kernel: int, stride: int) -> Any:
    padding = "same"
    if stride == 2:
        x, padding = layers.ZeroPadding2D(construction.halving_padding(x, kernel), name=f"{name}_pad")(x), "valid"
    return layers.DepthwiseConv2D(kernel, strides=stride, padding=padding, use_bias=False, name=name)(x)


def _weighted(x: Any, name: str) -> Any:
    """Each channel times a weight from 0 to 1, which the means of all channels decide on."""
    wide = x.shape[construction.channel_axis()]
    weights = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_avg_pool")(x)
    narrow = construction.divisible(wide * 0.25)
    weights = layers.Conv2D(narrow, 1, padding="same", name=f"{name}_conv")(weights)
    weights = layers.ReLU(name=f"{name}_relu")(weights)
    weights = layers.Conv2D(wide, 1, padding="same", name=f"{name}_conv_1")(weights)
    weights = layers.ReLU(6.0)(weights + 3.0) * (1 / 6)  # a straight line for a sigmoid
    return layers.Multiply(name=f"{name}_mul")([x, weights])


def _pooled(x: Any, pooling: str | None) -> Any:
    if pooling == "avg":
        return layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return layers.GlobalMaxPooling2D(name="max_pool")(x) if pooling == "max" else x


def _model(
    network: _Network,
    input_shape: Sequence[int | None] | None,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    classes: int,
    pooling: str | None,
    dropout_rate: float,
    classifier_activation: Any,
    include_preprocessing: bool,
    name: str,
) -> Model:
    construction.check_options(name, weights, include_top, classes, pooling)
    if include_top:
        construction.check_activation(name, weights, classifier_activation)
    published = network.file(include_top) if weights == "imagenet" else None
    images = construction.image_input(
        input_tensor, input_shape, model=name, size=224, smallest=32, include_top=False, weights=weights
    )
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(images) if include_preprocessing else images
    x = network.features(x)
    if include_top:
        x = network.top(x, classes, dropout_rate, classifier_activation)
    else:
        x = _pooled(x, pooling)
    return construction.finished(images, x, name=name, weights=weights, published=published)


def MobileNetV3Small(
    input_shape: Sequence[int | None] | None = None,
    alpha: float = 1.0,
    minimalistic: bool = False,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    classes: int = 1000,
    pooling: str | None = None,
    dropout_rate: float = 0.2,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str = "MobileNetV3Small",
) -> Model:
    """The smaller MobileNetV3: 11 blocks, table 2.

    Args:
        input_shape: shape of an image without the batch, sides of at least 32; open sides by default.
        alpha: multiplies the number of channels of every block.
        minimalistic: whether to leave out wide windows, weighted channels and the cheaper curve.
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        classes: how many classes the top tells apart.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        dropout_rate: share of features that the top leaves out while training.
        classifier_activation: activation of the top; None for logits.
        include_preprocessing: whether the model brings values 0 to 255 to -1 to 1 itself.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        576 features, or (batch, 576) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = MobileNetV3Small(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 576)
    """
    network = _Network("small", SMALL, 1024, alpha, minimalistic)
    return _model(
        network,
        input_shape,
        include_top,
        weights,
        input_tensor,
        classes,
        pooling,
        dropout_rate,
        classifier_activation,
        include_preprocessing,
        name,
    )


def MobileNetV3Large(
    input_shape: Sequence[int | None] | None = None,
    alpha: float = 1.0,
    minimalistic: bool = False,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    classes: int = 1000,
    pooling: str | None = None,
    dropout_rate: float = 0.2,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str = "MobileNetV3Large",
) -> Model:
    """The larger MobileNetV3: 15 blocks, table 1.

    Args:
        input_shape: shape of an image without the batch, sides of at least 32; open sides by default.
        alpha: multiplies the number of channels of every block.
        minimalistic: whether to leave out wide windows, weighted channels and the cheaper curve.
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        classes: how many classes the top tells apart.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        dropout_rate: share of features that the top leaves out while training.
        classifier_activation: activation of the top; None for logits.
        include_preprocessing: whether the model brings values 0 to 255 to -1 to 1 itself.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        960 features, or (batch, 960) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = MobileNetV3Large(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 960)
    """
    network = _Network("large", LARGE, 1280, alpha, minimalistic)
    return _model(
        network,
        input_shape,
        include_top,
        weights,
        input_tensor,
        classes,
        pooling,
        dropout_rate,
        classifier_activation,
        include_preprocessing,
        name,
    )


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """The images as they are: the model itself brings values 0 to 255 into its range.

    Example:
        >>> import numpy as np
        >>> preprocess_input(np.zeros((2, 8, 8, 3))).shape
        (2, 8, 8, 3)
    """
    return x


__all__ = ["MobileNetV3Large", "MobileNetV3Small", "decode_predictions", "preprocess_input"]
