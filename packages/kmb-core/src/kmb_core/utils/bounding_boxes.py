"""`utils.bounding_boxes`: boxes converted, compared, and moved along with their images."""

from kmb_core._lazy import lazy_names

_MODULES = {
    "deltas": "decode_deltas_to_boxes encode_box_to_deltas",
    "formats": "convert_format",
    "geometry": "affine_transform clip_to_image_size crop pad",
    "overlap": "compute_ciou compute_iou",
}
_NAMES = {name: f"kmb_core.bounding_boxes.{module}" for module, names in _MODULES.items() for name in names.split()}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
