"""What users call `keras.preprocessing`: data in folders and arrays, brought to batches."""

from kmb_core._lazy import lazy_names

_NAMES = {
    "image_dataset_from_directory": "kmb_core.utils.image_folders",
    "text_dataset_from_directory": "kmb_core.utils.text_folders",
    "timeseries_dataset_from_array": "kmb_core.utils.timeseries",
}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES, ("image", "sequence"))
