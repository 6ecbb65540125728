"""What users call `keras.config`: the settings of the process, the dtype policy and the backend.

The values lie in `kmb_core.settings`, low enough for everything to read them; this namespace only collects the names.
"""

from kmb_core._lazy import lazy_names

_SETTINGS = (
    "disable_flash_attention disable_interactive_logging disable_traceback_filtering enable_flash_attention "
    "enable_interactive_logging enable_traceback_filtering enable_unsafe_deserialization epsilon floatx home "
    "image_data_format is_flash_attention_enabled is_interactive_logging_enabled is_nnx_enabled "
    "is_traceback_filtering_enabled is_unsafe_deserialization_enabled max_epochs max_steps_per_epoch read_ahead "
    "set_epsilon set_floatx set_image_data_format set_max_epochs set_max_steps_per_epoch set_read_ahead"
)
_NAMES = dict.fromkeys(_SETTINGS.split(), "kmb_core.settings") | {
    "backend": "kmb_core.backend.selection",
    "set_backend": "kmb_core.backend.selection",
    "dtype_policy": "kmb_core.dtype_policies:current_policy",
    "set_dtype_policy": "kmb_core.dtype_policies:set_current_policy",
}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
