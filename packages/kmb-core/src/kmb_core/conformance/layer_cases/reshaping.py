"""Cases of `layers.reshaping`."""

from kmb_core.conformance.layer_cases.catalogue import Catalogue
from kmb_core.conformance.layer_check import Given

CASES = Catalogue()

CASES.add("Flatten", (2, 3, 4))
CASES.add("Flatten", (2, 3, 4), data_format="channels_first")
CASES.add("Flatten", Given((2, 3, 4), "int32", 0, 9), keeps_dtype=True)
CASES.add("Permute", (2, 3, 4), (2, 1), unknown=(0, 1))
CASES.add("RepeatVector", (2, 3), 4)
CASES.add("Reshape", (2, 6), (3, 2))
CASES.add("Reshape", (2, 3, 4), (-1, 2), unknown=(0, 1))
