"""What users call `keras.utils`."""

from kmb_core._lazy import lazy_names

_NAMES = {
    "CustomObjectScope": "kmb_core.serialization",
    "PyDataset": "kmb_core.data",
    "Sequence": "kmb_core.data:PyDataset",
    "clear_session": "kmb_core.utils.seeding",
    "custom_object_scope": "kmb_core.serialization",
    "deserialize_keras_object": "kmb_core.serialization",
    "disable_interactive_logging": "kmb_core.config",
    "enable_interactive_logging": "kmb_core.config",
    "get_custom_objects": "kmb_core.serialization",
    "get_registered_name": "kmb_core.serialization",
    "get_registered_object": "kmb_core.serialization",
    "is_interactive_logging_enabled": "kmb_core.config",
    "is_keras_tensor": "kmb_core.backend",
    "pack_x_y_sample_weight": "kmb_core.training.batches",
    "register_keras_serializable": "kmb_core.serialization",
    "serialize_keras_object": "kmb_core.serialization",
    "set_random_seed": "kmb_core.utils.seeding",
    "standardize_dtype": "kmb_core.dtypes",
    "to_categorical": "kmb_core.utils.arrays",
    "normalize": "kmb_core.utils.arrays",
    "unpack_x_y_sample_weight": "kmb_core.training.batches",
}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
