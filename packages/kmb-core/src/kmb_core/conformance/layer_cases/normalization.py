"""Cases of `layers.normalization`."""

from kmb_core import layers
from kmb_core.conformance.layer_cases.catalogue import Catalogue
from kmb_core.conformance.layer_check import LayerCase, given_of

CASES = Catalogue()

CASES.add("BatchNormalization", (4, 3), momentum=0.9, unknown=(0,))
CASES.add("BatchNormalization", (3, 2, 4, 3), axis=1, scale=False, gamma_regularizer=None)
CASES.add("LayerNormalization", (2, 5, 3), unknown=(0, 1))
CASES.add("LayerNormalization", (2, 5, 3), axis=(1, 2), center=False, beta_initializer="ones")
CASES.add("RMSNormalization", (2, 5, 3), unknown=(0, 1))
CASES.add("UnitNormalization", (2, 5, 3), axis=-1, unknown=(0, 1))
CASES.add("GroupNormalization", (2, 5, 4), 2, unknown=(0, 1))
CASES.add("GroupNormalization", (2, 4, 3, 3), -1, axis=1, center=False, gamma_initializer="uniform")
CASES.cases += [
    LayerCase(
        "SpectralNormalization(Dense(4))",
        lambda library=layers: library.SpectralNormalization(library.Dense(4)),
        given_of((2, 3)),
    ),
    LayerCase(
        "SpectralNormalization(Conv2D(4,3),power_iterations=2)",
        lambda library=layers: library.SpectralNormalization(library.Conv2D(4, 3), power_iterations=2),
        given_of((2, 5, 6, 3)),
        unknown=(0,),
    ),
]
