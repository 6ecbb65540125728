"""Networks whose first stages are of plain 3x3 convolutions, which accelerators do faster than those of each channel.

EfficientNetV2: Smaller Models and Faster Training (Tan, Le, 2021), https://arxiv.org/abs/2104.00298: S of its table 4,
the larger M and L that were searched for alike, and four smaller ones scaled as EfficientNet is, from a B0 of its own.
The paper has no tables of M, L and B0; the sizes are those of the published weights. So are the rates at which blocks
are left out: in B1 to B3 they grow with the place in the network as if it were as deep as B0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kmb_applications import construction, inverted_residuals, pretrained
from kmb_applications.efficientnet import preprocess_input
from kmb_applications.imagenet_utils import decode_predictions
from kmb_applications.inverted_residuals import Block
from kmb_core import Model, layers

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/efficientnet_v2/"
# of each stage: expansion, channels, blocks, the first one's stride
BASE = ((1, 16, 1, 1), (4, 32, 2, 2), (4, 48, 2, 2), (4, 96, 3, 2), (6, 112, 5, 1), (6, 192, 8, 2))
SMALL = ((1, 24, 2, 1), (4, 48, 4, 2), (4, 64, 4, 2), (4, 128, 6, 2), (6, 160, 9, 1), (6, 256, 15, 2))
MEDIUM = (
    (1, 24, 3, 1),
    (4, 48, 5, 2),
    (4, 80, 5, 2),
    (4, 160, 7, 2),
    (6, 176, 14, 1),
    (6, 304, 18, 2),
    (6, 512, 5, 1),
)
LARGE = (
    (1, 32, 4, 1),
    (4, 64, 7, 2),
    (4, 96, 7, 2),
    (4, 192, 10, 2),
    (6, 224, 19, 1),
    (6, 384, 25, 2),
    (6, 640, 7, 1),
)
FUSED = 3  # how many stages there are before those with convolutions of each channel
KERNEL, DROPOUT = 3, 0.2
# of ImageNet's colours, from 0 to 1
MEANS, VARIANCES = [0.485, 0.456, 0.406], [0.229**2, 0.224**2, 0.225**2]
PARTS = inverted_residuals.Parts(momentum=0.9)


@dataclass(frozen=True)
class _Size:
    """What tells one network from the others, and where its weights lie."""

    stages: Sequence[tuple[int, int, int, int]]
    stem: int  # channels of the first convolution
    side: int  # of the images
    digests: tuple[str, str]  # MD5 of the files with and without the top
    width: float = 1.0  # multiplies channels
    depth: float = 1.0  # multiplies blocks


SIZES = {
    "b0": _Size(BASE, 32, 224, ("21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff")),
    "b1": _Size(BASE, 32, 240, ("069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37"), 1.0, 1.1),
    "b2": _Size(BASE, 32, 260, ("424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb"), 1.1, 1.2),
    "b3": _Size(BASE, 32, 300, ("1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856"), 1.2, 1.4),
    "s": _Size(SMALL, 24, 384, ("e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070")),
    "m": _Size(MEDIUM, 24, 480, ("a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342")),
    "l": _Size(LARGE, 32, 480, ("27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615")),
}


def _rounded(channels: float) -> int:
    """The nearest multiple of 8."""
    return max(8, int(channels + 4) // 8 * 8)


def _blocks(size: _Size) -> Iterator[tuple[Block, bool]]:
    """The blocks, and whether each is a fused one."""
    unscaled, place = sum(count for _, _, count, _ in size.stages), 0
    for stage, (expansion, channels, count, stride) in enumerate(size.stages):
        filters = _rounded(channels * size.width)
        for index in range(math.ceil(count * size.depth)):
            dropped = inverted_residuals.DROPPED * place / unscaled
            name = inverted_residuals.block_name(stage, index)
            yield Block(name, filters, expansion, KERNEL, 1 if index else stride, dropped), stage < FUSED
            place += 1


def _fused_block(x: Any, block: Block) -> Any:
    """Fused-MBConv: 3x3 to many channels and 1x1 to few, or 3x3 alone where nothing expands; added where it fits."""
    if block.expansion == 1:
        y = PARTS.projected(x, block, block.kernel, block.stride)
        y = layers.Activation("silu", name=f"{block.name}project_activation")(y)
    else:
        y = PARTS.projected(PARTS.expanded(x, block, block.kernel, block.stride), block)
    return PARTS.added(y, x, block)


def _block(x: Any, block: Block) -> Any:
    """MBConv: 1x1 to many channels, 3x3 of each channel, weights of channels, 1x1 to few; added where it fits."""
    y = PARTS.depthwise(PARTS.expanded(x, block), block, "dwconv2")
    y = PARTS.excited(y, block, x.shape[construction.channel_axis()])
    return PARTS.added(PARTS.projected(y, block), x, block)


def _normalized(images: Any, size: _Size) -> Any:
    """Colours by ImageNet's statistics in the smaller networks; in the larger, and for other channels, -1 to 1."""
    axis = construction.channel_axis()
    if size.stages is not BASE or images.shape[axis] != len(MEANS):
        return layers.Rescaling(1 / 128, offset=-1)(images)
    return layers.Normalization(axis=axis, mean=MEANS, variance=VARIANCES)(layers.Rescaling(1 / 255)(images))


def _features(x: Any, size: _Size) -> Any:
    x = PARTS.convolved(x, "stem_conv", _rounded(size.stem * size.width), 3, strides=2)
    x = PARTS.activated(x, "stem_bn", "stem_activation")
    for block, fused in _blocks(size):
        x = _fused_block(x, block) if fused else _block(x, block)
    x = PARTS.convolved(x, "top_conv", _rounded(1280 * size.width))
    return PARTS.activated(x, "top_bn", "top_activation")


def _file(size: str, include_top: bool) -> pretrained.File:
    name = f"efficientnetv2-{size}{'' if include_top else '_notop'}.h5"
    return pretrained.File(ADDRESS + name, name, SIZES[size].digests[0 if include_top else 1])


def _network(size: str, include_preprocessing: bool, *options: Any) -> Model:
    found, include_top = SIZES[size], options[0]

    def body(images: Any) -> Any:
        return _features(_normalized(images, found) if include_preprocessing else images, found)

    return inverted_residuals.network(body, found.side, DROPOUT, _file(size, include_top), *options)


def EfficientNetV2B0(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str = "efficientnetv2-b0",
) -> Model:
    """EfficientNetV2-B0: 21 blocks, for images of 224 by 224.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (224, 224, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        include_preprocessing: whether the model itself brings images of values 0 to 255 into its range.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1280 features, or (batch, 1280) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = EfficientNetV2B0(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1280)
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("b0", include_preprocessing, include_top, weights, *options)


def EfficientNetV2B1(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str = "efficientnetv2-b1",
) -> Model:
    """EfficientNetV2-B1: 27 blocks, for images of 240 by 240.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (240, 240, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        include_preprocessing: whether the model itself brings images of values 0 to 255 into its range.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1280 features, or (batch, 1280) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = EfficientNetV2B1(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1280)
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("b1", include_preprocessing, include_top, weights, *options)


def EfficientNetV2B2(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str = "efficientnetv2-b2",
) -> Model:
    """EfficientNetV2-B2: 28 blocks, for images of 260 by 260.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (260, 260, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        include_preprocessing: whether the model itself brings images of values 0 to 255 into its range.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1408 features, or (batch, 1408) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = EfficientNetV2B2(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1408)
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("b2", include_preprocessing, include_top, weights, *options)


def EfficientNetV2B3(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str = "efficientnetv2-b3",
) -> Model:
    """EfficientNetV2-B3: 32 blocks, for images of 300 by 300.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (300, 300, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        include_preprocessing: whether the model itself brings images of values 0 to 255 into its range.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1536 features, or (batch, 1536) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = EfficientNetV2B3(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1536)
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("b3", include_preprocessing, include_top, weights, *options)


def EfficientNetV2S(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str = "efficientnetv2-s",
) -> Model:
    """EfficientNetV2-S: 40 blocks, for images of 384 by 384.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (384, 384, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        include_preprocessing: whether the model itself brings images of values 0 to 255 into its range.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1280 features, or (batch, 1280) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("s", include_preprocessing, include_top, weights, *options)


def EfficientNetV2M(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str = "efficientnetv2-m",
) -> Model:
    """EfficientNetV2-M: 57 blocks, for images of 480 by 480.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (480, 480, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        include_preprocessing: whether the model itself brings images of values 0 to 255 into its range.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1280 features, or (batch, 1280) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("m", include_preprocessing, include_top, weights, *options)


def EfficientNetV2L(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str = "efficientnetv2-l",
) -> Model:
    """EfficientNetV2-L: 79 blocks, for images of 480 by 480.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (480, 480, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        include_preprocessing: whether the model itself brings images of values 0 to 255 into its range.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1280 features, or (batch, 1280) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("l", include_preprocessing, include_top, weights, *options)


__all__ = [
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "decode_predictions",
    "preprocess_input",
]
