"""Policies for single layers of a model, by their paths."""

import re
from collections.abc import Iterator, MutableMapping
from typing import Any

from kmb_core.dtype_policies.identifiers import current_policy, deserialize, get, serialize
from kmb_core.dtype_policies.policy import DTypePolicy
from kmb_core.errors import DTypeError


class DTypePolicyMap(DTypePolicy, MutableMapping[str, DTypePolicy]):
    """A mapping from layer paths to policies, to be given to layers as their `dtype`.

    A key is a path, or a regular expression that matches whole paths.

    Args:
        default_policy: the policy of layers that no key matches; None is the default policy of the process.
        policy_map: the first entries.

    Raises:
        TypeError: where `policy_map` is no dict.
        DTypeError: where an entry is no policy.

    Example:
        >>> policies = DTypePolicyMap("float32", {"model/.*/attention": "mixed_bfloat16"})
        >>> policies["model/block/attention"].name, policies["model/head"].name
        ('mixed_bfloat16', 'float32')
    """

    module = "keras.dtype_policies"

    def __init__(self, default_policy: Any = None, policy_map: dict[str, Any] | None = None) -> None:
        if not isinstance(policy_map, dict | None):
            raise TypeError(f"DTypePolicyMap: expected a dict for policy_map, got {policy_map!r:.60}.")
        self._follows_default = default_policy is None
        chosen = get(default_policy)
        self._default_policy = chosen.default_policy if isinstance(chosen, DTypePolicyMap) else chosen
        self._policies: dict[str, DTypePolicy] = {}
        for key, policy in (policy_map or {}).items():
            self[key] = policy

    @property
    def name(self) -> str:
        """The name of the default policy, marked as that of a map."""
        return f"map_{self.default_policy.name}"

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of layers that no key matches."""
        return self._default_policy

    @property
    def compute_dtype(self) -> str:
        """The compute dtype of the default policy."""
        return self.default_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The variable dtype of the default policy."""
        return self.default_policy.variable_dtype

    @property
    def quantization_mode(self) -> str | None:
        """The quantization mode of the default policy."""
        return self.default_policy.quantization_mode

    def __getitem__(self, key: str) -> DTypePolicy:
        if key in self._policies:
            return self._policies[key]
        matches = [pattern for pattern in self._policies if _matches(pattern, key)]
        if len(matches) > 1:
            raise ValueError(f"DTypePolicyMap: path {key!r} is matched by more than one key: {', '.join(matches)}.")
        return self._policies[matches[0]] if matches else self.default_policy

    def __setitem__(self, key: str, policy: Any) -> None:
        if key in self._policies:
            raise ValueError(f"DTypePolicyMap: {key!r} stands for {self._policies[key]!r} already; delete it first.")
        self._policies[key] = _as_policy(policy)

    def __delitem__(self, key: str) -> None:
        del self._policies[key]

    def __contains__(self, key: object) -> bool:
        return key in self._policies

    def __len__(self) -> int:
        return len(self._policies)

    def __iter__(self) -> Iterator[str]:
        return iter(self._policies)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this map again."""
        default = None if self._follows_default else self.default_policy.name
        return {"default_policy": default, "policy_map": {key: serialize(self._policies[key]) for key in self}}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> "DTypePolicyMap":
        """Make a map from what `get_config` gave."""
        policies = {key: deserialize(policy, custom_objects) for key, policy in config["policy_map"].items()}
        return cls(config["default_policy"], policies)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        raise TypeError("A DTypePolicyMap can be changed and therefore has no hash.")

    def __repr__(self) -> str:
        mapping = [(key, policy.name) for key, policy in self._policies.items()]
        return f"<DTypePolicyMap default_policy={self.default_policy.name}, mapping={mapping}>"


def _as_policy(policy: Any) -> DTypePolicy:
    if policy is None:
        return current_policy()
    try:
        return get(policy)
    except DTypeError as error:
        raise DTypeError(f"DTypePolicyMap: expected a policy or its name, got {policy!r:.60}.") from error


def _matches(pattern: str, path: str) -> bool:
    try:
        return re.fullmatch(pattern, path) is not None
    except re.error:
        return False  # a path that is no regular expression, such as "dense[": only itself
