"""Cases of the layers in `layers.preprocessing.image` that change colours and leave everything where it is."""

from kmb_core.conformance.layer_cases.catalogue import Catalogue
from kmb_core.conformance.layer_check import Given

CASES = Catalogue()

IMAGES, FIRST = Given((4, 8, 8, 3), low=0, high=255), Given((4, 3, 8, 8), low=0, high=255)
ONE, BYTES = Given((8, 8, 3), low=0, high=255), Given((4, 8, 8, 3), "uint8", 0, 255)
SHARES, MANY = Given((4, 8, 8, 3), low=0, high=1), Given((16, 4, 4, 3), low=0, high=1)
# Without training these hand images on as they are, and there is nothing to compile: the tests compile their training.
DRAWN = {"seed": 1, "random": True, "compiled": False}
# One image has its rows where a batch has its images: sizes of a batch do not concern it.
SINGLE = {"unknown": (), "batch_free": False, "saved": False}

CASES.add("RandomBrightness", IMAGES, 0.3, **DRAWN)
CASES.add("RandomBrightness", BYTES, (0.1, 0.5), **DRAWN, keeps_dtype=True)
CASES.add("RandomBrightness", ONE, 0.3, **DRAWN, **SINGLE)
CASES.add("RandomColorDegeneration", FIRST, 0.5, data_format="channels_first", **DRAWN)
CASES.add("RandomColorJitter", SHARES, (0, 1), 0.2, 0.2, 0.6, 0.3, **DRAWN)
CASES.add("RandomContrast", FIRST, 0.5, data_format="channels_first", **DRAWN)
CASES.add("RandomErasing", IMAGES, (1.0, 1.0), **DRAWN)
CASES.add("RandomErasing", FIRST, 1.0, fill_value=[1, 2, 3], data_format="channels_first", **DRAWN)
CASES.add("RandomGaussianBlur", IMAGES, (1.0, 1.0), (3, 5), (0.5, 2.0), **DRAWN)
CASES.add("RandomGrayscale", IMAGES, 0.5, **DRAWN)
CASES.add("RandomHue", FIRST, 0.5, data_format="channels_first", **DRAWN)
CASES.add("RandomInvert", MANY, 1.0, (0, 1), **DRAWN)
CASES.add("RandomPosterization", MANY, 8, (0, 1), **DRAWN)
CASES.add("RandomSaturation", IMAGES, 0.6, **DRAWN)
CASES.add("RandomSharpness", FIRST, 1.0, data_format="channels_first", **DRAWN)
CASES.add("Solarization", IMAGES, 0.3, 0.6, **DRAWN)
CASES.add("AutoContrast", IMAGES)
CASES.add("AutoContrast", SHARES, (0, 1), data_format="channels_first", compiled=False)
CASES.add("Equalization", IMAGES, compiled=False)
CASES.add("Equalization", FIRST, bins=16, data_format="channels_first", compiled=False)
# Rounded to 16 bits, a value may be another one, with a table entry of its own.
CLAHE = "ContrastLimitedAdaptiveHistogramEqualization"
CASES.add(CLAHE, IMAGES, tile_grid_size=(2, 3), clip_limit=40.0, other_dtypes=False)
CASES.add(CLAHE, BYTES, tile_grid_size=(2, 2), keeps_dtype=True, compiled=False)
CASES.add("RandAugment", IMAGES, **DRAWN)
CASES.add("AugMix", FIRST, num_chains=2, chain_depth=2, data_format="channels_first", **DRAWN)
