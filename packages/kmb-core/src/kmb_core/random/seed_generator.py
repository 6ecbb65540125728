"""Seeds as explicit state, so that a compiled step can carry them from call to call."""

from typing import Any

import numpy as np

from kmb_core.backend import Variable, auto_name, current_backend, name_scope, state, use_backend
from kmb_core.errors import message
from kmb_core.ops.arithmetic import add
from kmb_core.ops.creation import cast
from kmb_core.random.global_seed import fresh_seed
from kmb_core.random.threefry import fold_in, seed_key
from kmb_core.serialization import saved_as

_STEP = np.array([0, 1], "int32")


@saved_as("keras.random")
class SeedGenerator:
    """A seed that is another one at each use.

    Its state is a variable of two words, the seed and a counter; random ops take the generator as their `seed`.

    Args:
        seed: a whole number, not negative; one made from the global seed when None.
        name: automatic when None.

    Raises:
        ValueError: for a seed that is no whole number, or negative.

    Example:
        >>> from kmb_core import random
        >>> generator = random.SeedGenerator(7)
        >>> [int(word) for word in generator.next()], [int(word) for word in generator.next()]
        ([7, 0], [7, 1])
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        if kwargs:
            raise TypeError(f"SeedGenerator: unexpected arguments {sorted(kwargs)}")
        self.name = name or auto_name("seed_generator")
        self._seed = _checked(seed)
        self.initial_seed = make_default_seed() if seed is None else int(seed)
        self.framework_generator: Any = None  # a backend may keep its own generator object here
        self.backend = current_backend()
        with name_scope(self.name, override_parent=""):
            words = np.array([_first_word(self.initial_seed), 0], "uint32")
            self.state = Variable(words, dtype="uint32", trainable=False, autocast=False, name="seed_generator_state")

    def next(self, ordered: bool = True) -> Any:
        """The seed for one use; the counter moves on.

        Args:
            ordered: whether uses follow one another in the order of the calls; they always do.

        Returns:
            uint32 tensor of shape `(2,)`. While only shapes are worked out it is symbolic and nothing moves on.
        """
        here = current_backend()
        if here is not self.backend:
            with use_backend(self.backend):
                key = self.next(ordered)
            return key if state.symbolic else here.convert(self.backend.to_numpy(key), "uint32")
        if state.symbolic:
            return self.state.value
        # int32, because not every framework adds unsigned integers; the sum wraps around to the same bits. What is
        # returned is a copy: some frameworks change a variable's tensor in place.
        words = cast(self.state.value, "int32")
        self.state.assign(cast(add(words, _STEP), "uint32"))
        return cast(words, "uint32")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal generator."""
        return {"seed": self._seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SeedGenerator":
        """A generator from what `get_config` gave."""
        return cls(**config)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "framework_generator": None}  # a framework's generator does not travel


def make_default_seed() -> int:
    """A seed for what was given none: it follows `utils.set_random_seed` where that was called.

    Example:
        >>> from kmb_core.random.seed_generator import make_default_seed
        >>> 0 <= make_default_seed() < 2**31
        True
    """
    return fresh_seed()


def _checked(seed: Any) -> int | None:
    if seed is None:
        return None
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or seed < 0:
        what = f"SeedGenerator: seed is a whole number, not negative, or None; got {seed!r}"
        raise ValueError(message(what, None, "random.SeedGenerator() takes one from the global seed."))
    return int(seed)


def _first_word(seed: int) -> int:
    """The seed itself where it fits in 32 bits, as Keras has it; else a hash of all of it."""
    return seed if seed < 2**32 else int(fold_in(seed_key(seed), 0)[0])
