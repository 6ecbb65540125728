"""Operations on images, one module for each kind; the namespace `ops.image`."""

from kmb_core._lazy import lazy_names

_FAMILIES = {
    "borders": "crop_images pad_images",
    "colour": "hsv_to_rgb rgb_to_grayscale rgb_to_hsv",
    "elastic": "elastic_transform",
    "filters": "gaussian_blur sobel_edges",
    "patches": "extract_patches extract_patches_3d",
    "resizing": "resize scale_and_translate",
    "sampling": "map_coordinates",
    "similarity": "ssim",
    "transforms": "affine_transform perspective_transform",
}
_NAMES = {name: f"{__name__}.{family}" for family, names in _FAMILIES.items() for name in names.split()}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
