"""What users call `keras.utils`."""

from kmb_core._lazy import lazy_names

_NAMES = {
    "Config": "kmb_core.utils.config",
    "CustomObjectScope": "kmb_core.serialization",
    "PyDataset": "kmb_core.data",
    "Sequence": "kmb_core.data:PyDataset",
    "Progbar": "kmb_core.utils.progbar",
    "array_to_img": "kmb_core.utils.images",
    "audio_dataset_from_directory": "kmb_core.utils.audio_folders",
    "clear_session": "kmb_core.backend",
    "custom_object_scope": "kmb_core.serialization",
    "deserialize_keras_object": "kmb_core.serialization",
    "disable_interactive_logging": "kmb_core.config",
    "enable_interactive_logging": "kmb_core.config",
    "get_custom_objects": "kmb_core.serialization",
    "get_file": "kmb_core.utils.downloads",
    "get_registered_name": "kmb_core.serialization",
    "get_registered_object": "kmb_core.serialization",
    "get_source_inputs": "kmb_core.utils.source_inputs",
    "image_dataset_from_directory": "kmb_core.utils.image_folders",
    "img_to_array": "kmb_core.utils.images",
    "is_interactive_logging_enabled": "kmb_core.config",
    "is_keras_tensor": "kmb_core.backend",
    "load_img": "kmb_core.utils.images",
    "pack_x_y_sample_weight": "kmb_core.training.batches",
    "pad_sequences": "kmb_core.utils.sequences",
    "register_keras_serializable": "kmb_core.serialization",
    "save_img": "kmb_core.utils.images",
    "serialize_keras_object": "kmb_core.serialization",
    "set_random_seed": "kmb_core.utils.seeding",
    "split_dataset": "kmb_core.utils.splitting",
    "standardize_dtype": "kmb_core.dtypes",
    "text_dataset_from_directory": "kmb_core.utils.text_folders",
    "timeseries_dataset_from_array": "kmb_core.utils.timeseries",
    "to_categorical": "kmb_core.utils.arrays",
    "normalize": "kmb_core.utils.arrays",
    "unpack_x_y_sample_weight": "kmb_core.training.batches",
}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES, ("bounding_boxes", "legacy"))
