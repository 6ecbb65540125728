"""What users call `keras.preprocessing.sequence`."""

from kmb_core.utils.sequences import pad_sequences

__all__ = ["pad_sequences"]
