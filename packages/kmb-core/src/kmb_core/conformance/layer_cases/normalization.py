"""Cases of `layers.normalization`."""

from kmb_core.conformance.layer_cases.catalogue import Catalogue

CASES = Catalogue()

CASES.add("BatchNormalization", (4, 3), momentum=0.9, unknown=(0,))
CASES.add("BatchNormalization", (3, 2, 4, 3), axis=1, scale=False, gamma_regularizer=None)
CASES.add("LayerNormalization", (2, 5, 3), unknown=(0, 1))
CASES.add("LayerNormalization", (2, 5, 3), axis=(1, 2), center=False, beta_initializer="ones")
CASES.add("RMSNormalization", (2, 5, 3), unknown=(0, 1))
CASES.add("UnitNormalization", (2, 5, 3), axis=-1, unknown=(0, 1))
