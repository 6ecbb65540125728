"""What users call `keras.utils.legacy`."""

from kmb_core.legacy.saving import deserialize_keras_object, serialize_keras_object

__all__ = ["deserialize_keras_object", "serialize_keras_object"]
