"""Cases of `layers.convolution`."""

from kmb_core.conformance.layer_cases.catalogue import Catalogue

CASES = Catalogue()

CASES.add("Conv1D", (2, 6, 4), 3, 3, padding="causal", dilation_rate=2, unknown=(0, 1))
CASES.add("Conv1D", (2, 4, 7), 2, 3, strides=2, data_format="channels_first", use_bias=False)
CASES.add("Conv2D", (2, 5, 6, 4), 4, 3, strides=2, padding="same", activation="relu", unknown=(0, 1, 2))
CASES.add("Conv2D", (2, 5, 6, 4), 4, (2, 3), groups=2, kernel_constraint="max_norm")
CASES.add("Conv3D", (1, 3, 4, 3, 2), 2, 2, padding="same", kernel_regularizer="l2")
CASES.add("Conv1DTranspose", (2, 5, 3), 4, 3, strides=2, padding="same", unknown=(0, 1))
CASES.add("Conv1DTranspose", (2, 3, 5), 2, 2, strides=3, output_padding=1, data_format="channels_first")
CASES.add("Conv2DTranspose", (2, 4, 3, 2), 3, 3, strides=2, activation="relu", unknown=(0, 1, 2))
CASES.add("Conv2DTranspose", (2, 4, 3, 2), 3, (2, 3), dilation_rate=2, use_bias=False, kernel_constraint="max_norm")
CASES.add("Conv3DTranspose", (1, 2, 3, 2, 2), 2, 2, strides=2, kernel_regularizer="l2")
CASES.add("DepthwiseConv1D", (2, 6, 3), 3, depth_multiplier=2, unknown=(0, 1))
CASES.add("DepthwiseConv1D", (2, 3, 6), 2, strides=2, data_format="channels_first", use_bias=False)
CASES.add("DepthwiseConv2D", (2, 5, 6, 3), 3, strides=2, padding="same", activation="relu", unknown=(0, 1, 2))
CASES.add("DepthwiseConv2D", (2, 5, 6, 3), (2, 3), depth_multiplier=2, dilation_rate=2, depthwise_regularizer="l1")
CASES.add("SeparableConv1D", (2, 6, 3), 4, 3, padding="same", depth_multiplier=2, unknown=(0, 1))
CASES.add("SeparableConv1D", (2, 3, 6), 2, 2, data_format="channels_first", use_bias=False)
CASES.add("SeparableConv2D", (2, 5, 6, 3), 4, 3, strides=2, activation="relu", unknown=(0, 1, 2))
CASES.add("SeparableConv2D", (2, 5, 6, 3), 2, 2, depth_multiplier=2, padding="same", pointwise_constraint="max_norm")
