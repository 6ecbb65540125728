"""The global random states that a program draws from, taken and set together."""

import random
from typing import Any

import numpy as np

from kmb_core.random import global_seed


def random_state(kernels: Any) -> dict[str, Any]:
    """Python's, NumPy's, the core's and the framework's global random states.

    Args:
        kernels: the backend's.
    """
    version, words, gauss = random.getstate()
    kind, keys, place, has_gauss, cached = np.random.get_state()
    own = kernels.get("random_state")
    return {
        "python": [version, np.array(words, "uint32"), gauss],
        "numpy": [kind, np.array(keys), place, has_gauss, cached],
        "seed": list(global_seed.position()),
        "framework": own() if own is not None else None,
    }


def set_random_state(kernels: Any, state: dict[str, Any]) -> None:
    """Set all of them back."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words.tolist()), gauss))
    np.random.set_state(tuple(state["numpy"]))
    global_seed.set_position(*state["seed"])
    if state["framework"] is not None:
        kernels["set_random_state"](state["framework"])
