"""Networks that are scaled in depth, width and the images' size together.

EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks (Tan, Le, 2019),
https://arxiv.org/abs/1905.11946: B0 of its table 1, and its seven larger versions. The paper scales by powers of fixed
factors; the sizes here are those that the published weights have, with channels rounded to multiples of 8 and blocks
rounded up. Images of values 0 to 255 are normalized by the model, with statistics that are among its weights; the
published ones were trained with a second scaling behind it, which a model without them does not have.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kmb_applications import construction, inverted_residuals, pretrained
from kmb_applications.imagenet_utils import decode_predictions
from kmb_applications.inverted_residuals import Block
from kmb_core import Model, layers

ADDRESS = "https://storage.googleapis.com/keras-applications/"
# of each stage in table 1: expansion, channels, blocks, the first one's stride, side of the windows
STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
# 1 / sqrt(deviation) of ImageNet's colours: the published weights expect images scaled by it twice
PUBLISHED_SCALE = [1 / math.sqrt(deviation) for deviation in (0.229, 0.224, 0.225)]
PARTS = inverted_residuals.Parts(momentum=0.99)


@dataclass(frozen=True)
class _Size:
    """How one network differs from B0, and where its weights lie."""

    width: float  # multiplies channels
    depth: float  # multiplies blocks
    side: int  # of the images
    dropout: float  # below the classifier
    digests: tuple[str, str]  # MD5 of the files with and without the top


SIZES = {
    "b0": _Size(1.0, 1.0, 224, 0.2, ("902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d")),
    "b1": _Size(1.0, 1.1, 240, 0.2, ("1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432")),
    "b2": _Size(1.1, 1.2, 260, 0.3, ("b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39")),
    "b3": _Size(1.2, 1.4, 300, 0.3, ("ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226")),
    "b4": _Size(1.4, 1.8, 380, 0.4, ("18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba")),
    "b5": _Size(1.6, 2.2, 456, 0.4, ("ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f")),
    "b6": _Size(1.8, 2.6, 528, 0.5, ("165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743")),
    "b7": _Size(2.0, 3.1, 600, 0.5, ("8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a")),
}


def _blocks(size: _Size) -> Iterator[Block]:
    depths = [math.ceil(size.depth * count) for _, _, count, _, _ in STAGES]
    place = 0
    for stage, (expansion, channels, _, stride, kernel) in enumerate(STAGES):
        filters = construction.divisible(channels * size.width)
        for index in range(depths[stage]):
            dropped = inverted_residuals.DROPPED * place / sum(depths)
            name = inverted_residuals.block_name(stage, index)
            yield Block(name, filters, expansion, kernel, 1 if index else stride, dropped)
            place += 1


def _block(x: Any, block: Block) -> Any:
    """MBConv: 1x1 to many channels, windows of each channel, weights of channels, 1x1 to few; added where it fits."""
    start, padding = x, "same"
    x = PARTS.expanded(x, block)
    if block.stride == 2:
        around = construction.halving_padding(x, block.kernel)
        x, padding = layers.ZeroPadding2D(around, name=f"{block.name}dwconv_pad")(x), "valid"
    x = PARTS.depthwise(x, block, "dwconv", padding)
    x = PARTS.excited(x, block, start.shape[construction.channel_axis()])
    return PARTS.added(PARTS.projected(x, block), start, block)


def _normalized(images: Any, weights: Any) -> Any:
    x = layers.Rescaling(1 / 255)(images)
    x = layers.Normalization(axis=construction.channel_axis())(x)
    return layers.Rescaling(PUBLISHED_SCALE)(x) if weights == "imagenet" else x


def _features(x: Any, size: _Size) -> Any:
    x = layers.ZeroPadding2D(construction.halving_padding(x, 3), name="stem_conv_pad")(x)
    stem = construction.divisible(32 * size.width)
    x = PARTS.convolved(x, "stem_conv", stem, 3, strides=2, padding="valid")
    x = PARTS.activated(x, "stem_bn", "stem_activation")
    for block in _blocks(size):
        x = _block(x, block)
    x = PARTS.convolved(x, "top_conv", construction.divisible(1280 * size.width))
    return PARTS.activated(x, "top_bn", "top_activation")


def _file(size: str, include_top: bool) -> pretrained.File:
    name = f"efficientnet{size}{'' if include_top else '_notop'}.h5"
    return pretrained.File(ADDRESS + name, name, SIZES[size].digests[0 if include_top else 1])


def _network(size: str, include_top: bool, weights: Any, *options: Any) -> Model:
    found = SIZES[size]

    def body(images: Any) -> Any:
        return _features(_normalized(images, weights), found)

    published = _file(size, include_top)
    return inverted_residuals.network(body, found.side, found.dropout, published, include_top, weights, *options)


def EfficientNetB0(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "efficientnetb0",
) -> Model:
    """EfficientNet-B0: 16 blocks, for images of 224 by 224.

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
        1280 features, or (batch, 1280) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = EfficientNetB0(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1280)
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("b0", include_top, weights, *options)


def EfficientNetB1(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "efficientnetb1",
) -> Model:
    """EfficientNet-B1: 23 blocks, for images of 240 by 240.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (240, 240, 3) by default.
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
        >>> model = EfficientNetB1(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1280)
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("b1", include_top, weights, *options)


def EfficientNetB2(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "efficientnetb2",
) -> Model:
    """EfficientNet-B2: 23 blocks, for images of 260 by 260.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (260, 260, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1408 features, or (batch, 1408) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = EfficientNetB2(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1408)
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("b2", include_top, weights, *options)


def EfficientNetB3(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "efficientnetb3",
) -> Model:
    """EfficientNet-B3: 26 blocks, for images of 300 by 300.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (300, 300, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1536 features, or (batch, 1536) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = EfficientNetB3(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1536)
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("b3", include_top, weights, *options)


def EfficientNetB4(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "efficientnetb4",
) -> Model:
    """EfficientNet-B4: 32 blocks, for images of 380 by 380.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (380, 380, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1792 features, or (batch, 1792) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("b4", include_top, weights, *options)


def EfficientNetB5(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "efficientnetb5",
) -> Model:
    """EfficientNet-B5: 39 blocks, for images of 456 by 456.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (456, 456, 3) by default.
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
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("b5", include_top, weights, *options)


def EfficientNetB6(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "efficientnetb6",
) -> Model:
    """EfficientNet-B6: 45 blocks, for images of 528 by 528.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (528, 528, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        2304 features, or (batch, 2304) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("b6", include_top, weights, *options)


def EfficientNetB7(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "efficientnetb7",
) -> Model:
    """EfficientNet-B7: 55 blocks, for images of 600 by 600.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (600, 600, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        2560 features, or (batch, 2560) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("b7", include_top, weights, *options)


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """The images as they are: the model itself brings values of 0 to 255 into its range.

    Example:
        >>> preprocess_input([255.0])
        [255.0]
    """
    return x


__all__ = [
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "decode_predictions",
    "preprocess_input",
]
