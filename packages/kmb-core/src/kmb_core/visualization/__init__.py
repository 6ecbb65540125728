"""Images with what belongs to them, drawn and shown; Pillow and Matplotlib are imported when they are used."""

from kmb_core._lazy import lazy_names

_MODULES = {
    "boxes": "draw_bounding_boxes",
    "galleries": "plot_bounding_box_gallery plot_image_gallery plot_segmentation_mask_gallery",
    "masks": "draw_segmentation_masks",
}
_NAMES = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names.split()}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
