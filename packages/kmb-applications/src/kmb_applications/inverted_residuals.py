"""What both versions of EfficientNet are made of: wide blocks between narrow maps, which weigh their own channels.

A block of MobileNetV2 (https://arxiv.org/abs/1801.04381) with squeeze and excitation (https://arxiv.org/abs/1709.01507)
inside, and with stochastic depth (https://arxiv.org/abs/1603.09382): while training, a block that is added to its input
is left out for some images, the deeper it lies the more often.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kmb_applications import construction, pretrained, resnet
from kmb_core import Model, initializers, layers

# How often the block behind the last one would be left out; the first one never is.
DROPPED = 0.2
# The channels that squeeze and excitation narrow a block's input to.
SQUEEZED = 0.25


@dataclass(frozen=True)
class Block:
    """What tells a block from the others of its network."""

    name: str
    filters: int
    expansion: int
    kernel: int
    stride: int
    dropped: float  # how often it is left out while training


def block_name(stage: int, index: int) -> str:
    """Stages are counted from 0, and called from 1; the blocks of one are called by letters."""
    return f"block{stage + 1}{chr(ord('a') + index)}_"


@dataclass(frozen=True)
class Parts:
    """The layers of a network, whose batch normalization goes by one momentum."""

    momentum: float

    def convolved(self, x: Any, name: str, filters: int, kernel: int = 1, **options: Any) -> Any:
        """A convolution of as many windows as there are pixels, unless the options say otherwise, without biases."""
        options = {"padding": "same", "use_bias": False, "kernel_initializer": outgoing(), **options}
        return layers.Conv2D(filters, kernel, **options, name=name)(x)

    def normalized(self, x: Any, name: str) -> Any:
        """Batch normalization of the channels."""
        return layers.BatchNormalization(axis=construction.channel_axis(), momentum=self.momentum, name=name)(x)

    def activated(self, x: Any, normalization: str, activation: str) -> Any:
        """Batch normalization and SiLU, of the names given."""
        return layers.Activation("silu", name=activation)(self.normalized(x, normalization))

    def expanded(self, x: Any, block: Block, kernel: int = 1, stride: int = 1) -> Any:
        """More channels than there were; as many of them if the block does not expand."""
        if block.expansion == 1:
            return x
        name, filters = block.name, block.expansion * x.shape[construction.channel_axis()]
        x = self.convolved(x, f"{name}expand_conv", filters, kernel, strides=stride)
        return self.activated(x, f"{name}expand_bn", f"{name}expand_activation")

    def projected(self, x: Any, block: Block, kernel: int = 1, stride: int = 1) -> Any:
        """As many channels as the block gives."""
        x = self.convolved(x, f"{block.name}project_conv", block.filters, kernel, strides=stride)
        return self.normalized(x, f"{block.name}project_bn")

    def depthwise(self, x: Any, block: Block, name: str, padding: str = "same") -> Any:
        """A convolution of each channel."""
        options = {"padding": padding, "use_bias": False, "depthwise_initializer": outgoing()}
        x = layers.DepthwiseConv2D(block.kernel, strides=block.stride, **options, name=block.name + name)(x)
        return self.activated(x, f"{block.name}bn", f"{block.name}activation")

    def excited(self, x: Any, block: Block, channels: int) -> Any:
        """Each channel times a weight from 0 to 1, which the means of all channels decide on.

        They are narrowed to a quarter of the channels of the block's input, before its expansion.
        """
        name, axis = block.name, construction.channel_axis()
        wide = x.shape[axis]
        weights = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
        weights = layers.Reshape((wide, 1, 1) if axis == 1 else (1, 1, wide), name=f"{name}se_reshape")(weights)
        narrow = max(1, int(channels * SQUEEZED))
        weights = self.convolved(weights, f"{name}se_reduce", narrow, activation="silu", use_bias=True)
        weights = self.convolved(weights, f"{name}se_expand", wide, activation="sigmoid", use_bias=True)
        return layers.Multiply(name=f"{name}se_excite")([x, weights])

    def added(self, x: Any, start: Any, block: Block) -> Any:
        """The sum with the block's input, or the block alone where it changes the shape."""
        axis = construction.channel_axis()
        if block.stride > 1 or x.shape[axis] != start.shape[axis]:
            return x
        if block.dropped:
            x = layers.Dropout(block.dropped, noise_shape=(None, 1, 1, 1), name=f"{block.name}drop")(x)
        return layers.Add(name=f"{block.name}add")([x, start])


def outgoing() -> Any:
    """A new initializer of kernels: twice the variance that keeps a gradient's size."""
    return initializers.VarianceScaling(2.0, mode="fan_out", distribution="truncated_normal")


def network(
    body: Callable[[Any], Any],
    size: int,
    dropout: float,
    published: pretrained.File,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: Sequence[int | None] | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Model:
    """A network of either version: `body` is what lies between the images, of values 0 to 255, and the top."""
    construction.check_options(name, weights, include_top, classes, pooling)
    if include_top:
        construction.check_activation(name, weights, classifier_activation)
    images = construction.image_input(
        input_tensor, input_shape, model=name, size=size, smallest=32, include_top=include_top, weights=weights
    )
    features = body(images)
    if include_top:
        outputs = _classified(features, dropout, classes, classifier_activation)
    else:
        outputs = resnet.pooled(features, pooling)
    return construction.finished(images, outputs, name=name, weights=weights, published=published)


def _classified(x: Any, dropout: float, classes: int, activation: Any) -> Any:
    """Mean over the image, dropout, and a classifier."""
    x = layers.Dropout(dropout, name="top_dropout")(resnet.pooled(x, "avg"))
    initializer = initializers.VarianceScaling(1 / 3, mode="fan_out", distribution="uniform")
    return layers.Dense(classes, activation=activation, kernel_initializer=initializer, name="predictions")(x)
