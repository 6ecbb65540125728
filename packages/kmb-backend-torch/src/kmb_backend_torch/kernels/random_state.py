"""The states of torch's generators, as arrays that a file can hold."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch


def random_state() -> list[np.ndarray]:
    """The global generators' states: the processor's, then each GPU's."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    return [state.numpy() for state in (torch.get_rng_state(), *cuda)]


def set_random_state(states: Sequence[np.ndarray]) -> None:
    """Set the global generators' states."""
    processor, *cuda = (torch.from_numpy(np.array(state)) for state in states)
    torch.set_rng_state(processor)
    for index, state in enumerate(cuda):
        torch.cuda.set_rng_state(state, index)


def generator_states(seed_generators: Sequence[Any]) -> list[np.ndarray | None]:
    """The states of the torch generators that seed generators keep; None where nothing was drawn yet."""
    kept = [one.framework_generator for one in seed_generators]
    return [None if generator is None else generator.get_state().numpy() for generator in kept]


def set_generator_states(seed_generators: Sequence[Any], states: Sequence[np.ndarray | None]) -> None:
    """Set them; where a seed generator keeps none yet, one is made on the current device."""
    from kmb_backend_torch.random.draws import generator_for

    for one, state in zip(seed_generators, states, strict=True):
        if state is None:
            one.framework_generator = None
        else:
            generator = generator_for(one)
            if generator is not None:
                generator.set_state(torch.from_numpy(np.array(state)))
