"""Cases of `layers.preprocessing.image`: what moves things in images."""

from kmb_core.conformance.layer_cases.catalogue import Catalogue
from kmb_core.conformance.layer_check import Given

CASES = Catalogue()

IMAGES = (2, 6, 8, 3)
ALONE = (6, 8, 3)
FIRST = (2, 3, 6, 8)
PARTS = {
    "images": Given(IMAGES),
    "labels": Given((2, 4), low=0.0),
    "segmentation_masks": Given((2, 6, 8, 1), "int32", 0, 4),
    "bounding_boxes": {"boxes": Given((2, 3, 4), low=0.0, high=6.0), "labels": Given((2, 3), "int32", 0, 4)},
}
# Parts keep dtypes of their own; what is compiled for them is what is compiled for images.
DETECTION = {"bounding_box_format": "xyxy", "keeps_dtype": True, "compiled": False}
MANY = {"images": Given((8, 6, 8, 3)), "segmentation_masks": Given((8, 6, 8, 1), "int32", 0, 4)}

CASES.add("CenterCrop", IMAGES, 4, 5)
CASES.add("CenterCrop", FIRST, 8, 4, data_format="channels_first")
CASES.add("CenterCrop", PARTS, 4, 4, **DETECTION)
CASES.add("Resizing", IMAGES, 4, 5)
CASES.add("Resizing", Given(FIRST, "uint8", 0, 255), 3, 4, "nearest", data_format="channels_first", keeps_dtype=True)
CASES.add("Resizing", PARTS, 4, 4, pad_to_aspect_ratio=True, fill_value=1.0, **DETECTION)
CASES.add("RandomCrop", IMAGES, 4, 5, seed=1, random=True)
CASES.add("RandomCrop", PARTS, 4, 4, seed=1, random=True, **DETECTION)
CASES.add("RandomFlip", (8, 6, 8, 3), seed=1, random=True)
CASES.add("RandomFlip", MANY, "horizontal", **DETECTION, random=True, seed=3)
CASES.add("RandomRotation", IMAGES, 0.2, seed=1, random=True)
CASES.add("RandomRotation", PARTS, (0.1, 0.3), "constant", "nearest", **DETECTION, random=True)
CASES.add("RandomZoom", IMAGES, 0.3, seed=1, random=True)
CASES.add("RandomZoom", PARTS, (-0.2, 0.3), (0.1, 0.2), "nearest", **DETECTION, random=True)
CASES.add("RandomTranslation", IMAGES, 0.3, 0.2, "wrap", seed=1, random=True)
CASES.add("RandomTranslation", FIRST, (0.1, 0.2), 0.3, data_format="channels_first", random=True)
CASES.add("RandomShear", IMAGES, 0.3, 0.2, seed=1, random=True)
CASES.add("RandomShear", PARTS, (0.1, 0.3), fill_mode="constant", **DETECTION, random=True)
CASES.add("RandomPerspective", IMAGES, (1.0, 1.0), 0.4, seed=1, random=True)
CASES.add("RandomPerspective", PARTS, (1.0, 1.0), 0.3, "nearest", **DETECTION, random=True)
CASES.add("RandomElasticTransform", IMAGES, (1.0, 1.0), 0.5, value_range=(-1, 1), seed=1, random=True)
CASES.add("RandomElasticTransform", PARTS, (1.0, 1.0), value_range=(-1, 1), **DETECTION, random=True)
CASES.add("CutMix", (4, 6, 8, 3), seed=1, random=True)
CASES.add("MixUp", (4, 6, 8, 3), 0.4, seed=1, random=True)
CASES.add("MixUp", ALONE, seed=1, unknown=(), batch_free=False, compiled=False)
CASES.add("MaxNumBoundingBoxes", PARTS, 2, **DETECTION)
CASES.add("MaxNumBoundingBoxes", PARTS, 5, fill_value=0, **DETECTION)
