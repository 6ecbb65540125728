"""Names in files, and objects as plain data."""

from kmb_core.serialization.context import compiling
from kmb_core.serialization.decoding import deserialize_keras_object, deserialized_config
from kmb_core.serialization.encoding import identity_of, keras_history, serialize_keras_object
from kmb_core.serialization.registry import (
    CustomObjectScope,
    built_in,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    provide,
    register_keras_serializable,
    saved_as,
    saved_identity,
)

__all__ = [
    "CustomObjectScope",
    "built_in",
    "compiling",
    "custom_object_scope",
    "deserialize_keras_object",
    "deserialized_config",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "identity_of",
    "keras_history",
    "provide",
    "register_keras_serializable",
    "saved_as",
    "saved_identity",
    "serialize_keras_object",
]
