"""What users call `keras.preprocessing`: data in folders and arrays, brought to batches."""

from kmb_core._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {}, ("image", "sequence"))
