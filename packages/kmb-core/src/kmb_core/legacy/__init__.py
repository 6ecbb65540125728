"""What users call `keras.legacy`: forms that files and code of former days have."""

from kmb_core._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {}, ("saving",))
