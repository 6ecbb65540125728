"""A dtype policy: the dtype that a layer computes in, and the dtype that its variables are kept in.

Both names are worked out when the policy is made; a layer reads attributes, nothing is looked up on a call.
"""

from typing import Any

from kmb_core.backend import cast, convert_to_tensor, dtype_of, is_keras_tensor, is_tensor
from kmb_core.dtypes import floatx, is_float, standardize_dtype
from kmb_core.errors import DTypeError, message
from kmb_core.settings.store import settings

_MIXED = {"mixed_float16": ("float16", "float32"), "mixed_bfloat16": ("bfloat16", "float32")}


class DTypePolicy:
    """The dtypes of a layer, by name: "float32", "mixed_bfloat16".

    Args:
        name: a dtype, or "mixed_float16" or "mixed_bfloat16": computing in 16 bits, variables in float32. None is
            the default policy of the process.

    Raises:
        DTypeError: where there is no such policy.

    Example:
        >>> policy = DTypePolicy("mixed_bfloat16")
        >>> policy.compute_dtype, policy.variable_dtype
        ('bfloat16', 'float32')
    """

    module = "keras"  # where files name the class

    def __init__(self, name: str | None = None) -> None:
        if not isinstance(name, str | None):
            raise DTypeError(f"DTypePolicy: expected a name such as 'mixed_float16', got {name!r:.60}.")
        self._name = _default_name() if name is None else name
        self._compute_dtype, self._variable_dtype = _dtypes_of(self._name)

    @property
    def name(self) -> str:
        """The name of the policy."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The dtype that a layer computes in."""
        return self._compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype that a layer's variables are kept in."""
        return self._variable_dtype

    @property
    def quantization_mode(self) -> str | None:
        """How a layer is quantized, or None."""
        return None

    def convert_input(self, x: Any, autocast: bool, dtype: str) -> Any:
        """Return one input of a layer, converted as the layer wants it.

        Args:
            x: a leaf of the inputs: a tensor, an array, anything.
            autocast: whether floating values are cast.
            dtype: the dtype to cast them to.

        Returns:
            A tensor of any kind, cast where it is floating and `autocast` is set; an array as a tensor; anything
            else as it came.
        """
        if is_tensor(x) or is_keras_tensor(x):
            found = dtype_of(x)
            return cast(x, dtype) if autocast and found != dtype and is_float(found) else x
        if not hasattr(x, "__array__"):
            return x
        return convert_to_tensor(x, dtype=dtype) if autocast and is_float(x.dtype) else convert_to_tensor(x)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this policy again."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "DTypePolicy":
        """Make a policy from what `get_config` gave."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self.name}">'


class FloatDTypePolicy(DTypePolicy):
    """The older name of `DTypePolicy`, which files still hold."""


def _default_name() -> str:
    """The name that a policy without one takes: the unquantized name of the process's policy, else `floatx`."""
    policy = settings.dtype_policy
    while hasattr(policy, "default_policy"):  # a map of policies
        policy = policy.default_policy
    return floatx() if policy is None else getattr(policy, "source_name", policy.name)


def _dtypes_of(name: str) -> tuple[str, str]:
    if name in _MIXED:
        return _MIXED[name]
    try:
        dtype = standardize_dtype(name)
    except DTypeError:
        what = f"Unknown dtype policy: expected a dtype or one of {', '.join(_MIXED)}; got {name!r:.60}."
        raise DTypeError(message(what)) from None
    return dtype, dtype
