"""Cases of `layers.preprocessing`: numbers and text."""

from kmb_core.conformance.layer_cases.catalogue import Catalogue
from kmb_core.conformance.layer_check import Given

CASES = Catalogue()

CASES.add("Rescaling", (2, 5, 3), 0.5, -1.0)
CASES.add("Rescaling", Given((2, 3), "int32", 0, 255), (1.0, 2.0, 3.0), (0.5, 0.0, 1.0))
