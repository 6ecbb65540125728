"""Seeding everything at once."""

import random

import numpy as np

from kmb_core.backend.selection import current_backend
from kmb_core.plugins import loaded_backends
from kmb_core.random.global_seed import set_global_seed


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy, the initial weights and the random generators of all loaded frameworks.

    Args:
        seed: an int ≥ 0.

    Raises:
        ValueError: for anything else.

    Example:
        >>> import kmb_core
        >>> kmb_core.utils.set_random_seed(7)
    """
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise ValueError(f"set_random_seed: expected an int ≥ 0, got {seed!r}")
    random.seed(seed)
    np.random.seed(seed % 2**32)
    set_global_seed(seed)
    current_backend()  # loaded, so that its framework is seeded too
    for backend in loaded_backends().values():
        backend.implementation.framework_seed(seed)
