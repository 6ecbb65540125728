"""The seed that everything unseeded follows: set by `utils.set_random_seed`, otherwise the system's entropy.

What has no seed of its own asks for `fresh_key()`. After `set_global_seed(seed)` those keys are a fixed sequence,
in the order in which they are asked for; a lock keeps two threads from getting the same one.
"""

import secrets
from threading import Lock

import numpy as np

from kmb_core.random.threefry import fold_in, seed_key


class _GlobalSeed:
    """The seed and how many keys were taken from it."""

    def __init__(self) -> None:
        self.seed: int | None = None
        self.taken = 0
        self.lock = Lock()


_state = _GlobalSeed()


def set_global_seed(seed: int | None) -> None:
    """Start the sequence of keys anew from a seed; None goes back to the system's entropy."""
    with _state.lock:
        _state.seed, _state.taken = seed, 0


def position() -> tuple[int | None, int]:
    """Return the seed that was set, or None, and how many keys were taken."""
    return _state.seed, _state.taken


def set_position(seed: int | None, taken: int) -> None:
    """Go on with the sequence of a seed after so many keys."""
    with _state.lock:
        _state.seed, _state.taken = seed, taken


def global_seed() -> int | None:
    """Return the seed that was set, or None."""
    return _state.seed


def fresh_key() -> np.ndarray:
    """Return a key that was not given out before: uint32 of shape `(2,)`."""
    if _state.seed is None:
        return seed_key(secrets.randbits(64))
    with _state.lock:
        _state.taken += 1
        return fold_in(seed_key(_state.seed), _state.taken)


def fresh_seed() -> int:
    """Return a seed below 2**31 made from a fresh key, for what stores its seed as a plain integer."""
    return int(fresh_key()[1]) >> 1
