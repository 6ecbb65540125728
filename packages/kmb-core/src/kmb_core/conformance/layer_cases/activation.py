"""Cases of `layers.activation`."""

from kmb_core.conformance.layer_cases.catalogue import Catalogue

CASES = Catalogue()

CASES.add("ReLU", (2, 3, 4), max_value=0.5, negative_slope=0.1, threshold=0.1, unknown=(0, 1))
CASES.add("ELU", (2, 3), alpha=0.5)
CASES.add("LeakyReLU", (2, 3), negative_slope=0.2)
CASES.add("PReLU", (2, 3, 4), shared_axes=[1], alpha_initializer="ones")
CASES.add("Softmax", (2, 3, 4), axis=1, unknown=(0, 1))
