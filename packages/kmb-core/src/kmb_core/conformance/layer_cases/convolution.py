"""Cases of `layers.convolution`."""

from kmb_core.conformance.layer_cases.catalogue import Catalogue

CASES = Catalogue()

CASES.add("Conv1D", (2, 6, 4), 3, 3, padding="causal", dilation_rate=2, unknown=(0, 1))
CASES.add("Conv1D", (2, 4, 7), 2, 3, strides=2, data_format="channels_first", use_bias=False)
CASES.add("Conv2D", (2, 5, 6, 4), 4, 3, strides=2, padding="same", activation="relu", unknown=(0, 1, 2))
CASES.add("Conv2D", (2, 5, 6, 4), 4, (2, 3), groups=2, kernel_constraint="max_norm")
CASES.add("Conv3D", (1, 3, 4, 3, 2), 2, 2, padding="same", kernel_regularizer="l2")
