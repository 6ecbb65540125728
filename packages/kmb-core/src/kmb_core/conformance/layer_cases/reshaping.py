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
CASES.add("Cropping1D", (2, 6, 3), (1, 2), unknown=(0, 1))
CASES.add("Cropping2D", (2, 5, 6, 3), ((1, 0), (0, 2)), unknown=(0, 1, 2))
CASES.add("Cropping2D", (2, 3, 5, 6), 1, data_format="channels_first")
CASES.add("Cropping3D", (2, 4, 5, 6, 3), (1, 1, 2))
CASES.add("ZeroPadding1D", (2, 6, 3), (1, 2), unknown=(0, 1))
CASES.add("ZeroPadding2D", (2, 5, 6, 3), ((1, 0), (0, 2)), unknown=(0, 1, 2))
CASES.add("ZeroPadding2D", (2, 3, 5, 6), (1, 2), data_format="channels_first")
CASES.add("ZeroPadding3D", (2, 2, 3, 2, 3), 1)
CASES.add("UpSampling1D", (2, 4, 3), 3, unknown=(0, 1))
CASES.add("UpSampling2D", (2, 3, 4, 3), (2, 1), unknown=(0, 1, 2))
CASES.add("UpSampling2D", (2, 3, 3, 4), 2, data_format="channels_first", interpolation="bilinear")
CASES.add("UpSampling3D", (2, 2, 3, 2, 3), 2)
