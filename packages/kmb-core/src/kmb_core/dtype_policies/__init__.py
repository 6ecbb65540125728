"""Dtype policies: what a layer computes in, and what its variables are kept in."""

from kmb_core.dtype_policies import identifiers
from kmb_core.dtype_policies.identifiers import current_policy, deserialize, get, serialize, set_current_policy
from kmb_core.dtype_policies.policy import DTypePolicy, FloatDTypePolicy
from kmb_core.dtype_policies.policy_map import DTypePolicyMap
from kmb_core.dtype_policies.quantized import (
    AWQDTypePolicy,
    GPTQDTypePolicy,
    Int4DTypePolicy,
    QuantizedDTypePolicy,
    QuantizedFloat8DTypePolicy,
)
from kmb_core.serialization import saved_as

identifiers.classes["DTypePolicyMap"] = saved_as(DTypePolicyMap.module)(DTypePolicyMap)

__all__ = [
    "AWQDTypePolicy",
    "DTypePolicy",
    "DTypePolicyMap",
    "FloatDTypePolicy",
    "GPTQDTypePolicy",
    "Int4DTypePolicy",
    "QuantizedDTypePolicy",
    "QuantizedFloat8DTypePolicy",
    "current_policy",
    "deserialize",
    "get",
    "serialize",
    "set_current_policy",
]
