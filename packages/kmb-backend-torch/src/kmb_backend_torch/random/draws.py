"""Random numbers from torch's generators.

Without a seed the device's global generator is used, which `torch.compile`, CUDA graphs and activation checkpointing
all know how to handle. A seed generator with a seed of its own keeps a `torch.Generator`: no number is read back.
"""

import threading
from collections.abc import Sequence
from typing import Any

import torch

from kmb_backend_torch.conversion import native_dtype
from kmb_backend_torch.placement import placement
from kmb_core.dtypes import floatx

Tensor = torch.Tensor


class Draws(threading.local):
    """The generators that are drawn from in this thread, while somebody wants to know."""

    def __init__(self) -> None:
        self.record: dict[torch.Generator, Tensor] | None = None  # each with its state before the first draw


draws = Draws()


def generator_for(seed: Any, device: torch.device | None = None) -> torch.Generator | None:
    """The generator that a seed stands for; None is the device's global one."""
    if seed is None:
        return None
    device = device or placement.device
    if isinstance(seed, int):
        return torch.Generator(device).manual_seed(seed % 2**63)
    if seed._seed is None:  # the user gave none; what was drawn in its place serves other backends
        return None
    generator = seed.framework_generator
    if generator is None or generator.device.type != device.type:
        generator = torch.Generator(device).manual_seed(seed.initial_seed % 2**63)
        seed.framework_generator = generator
    if draws.record is not None and generator not in draws.record:
        draws.record[generator] = generator.get_state()
    return generator


def _new(shape: Sequence[int], dtype: str | None) -> Tensor:
    wanted = native_dtype(dtype or floatx())
    if not wanted.is_floating_point:
        raise TypeError(f"the numbers are floating ones, got dtype {dtype}")
    return torch.empty(tuple(shape), dtype=wanted, device=placement.device)


def _is_number(*values: Any) -> bool:
    return all(isinstance(value, (int, float)) for value in values)


def uniform(
    shape: Sequence[int], minval: Any = 0.0, maxval: Any = 1.0, dtype: str | None = None, seed: Any = None
) -> Tensor:
    """Uniform numbers from minval up to, not including, maxval."""
    if _is_number(minval, maxval):
        return _new(shape, dtype).uniform_(minval, maxval, generator=generator_for(seed))
    unit = _new(shape, dtype).uniform_(generator=generator_for(seed))
    return (unit * (maxval - minval) + minval).to(unit.dtype)


def normal(
    shape: Sequence[int], mean: Any = 0.0, stddev: Any = 1.0, dtype: str | None = None, seed: Any = None
) -> Tensor:
    """Normally distributed numbers."""
    if _is_number(mean, stddev):
        return _new(shape, dtype).normal_(mean, stddev, generator=generator_for(seed))
    unit = _new(shape, dtype).normal_(generator=generator_for(seed))
    return (unit * stddev + mean).to(unit.dtype)


def truncated_normal(
    shape: Sequence[int], mean: Any = 0.0, stddev: Any = 1.0, dtype: str | None = None, seed: Any = None
) -> Tensor:
    """Normally distributed numbers within two standard deviations."""
    unit = torch.nn.init.trunc_normal_(_new(shape, dtype), 0.0, 1.0, -2.0, 2.0, generator=generator_for(seed))
    return (unit * stddev + mean).to(unit.dtype)


def randint(shape: Sequence[int], minval: Any, maxval: Any, dtype: str | None = "int32", seed: Any = None) -> Tensor:
    """Whole numbers from minval up to, not including, maxval."""
    wanted, generator = native_dtype(dtype or "int32"), generator_for(seed)
    if wanted.is_floating_point:
        raise TypeError(f"randint: the numbers are whole, got dtype {dtype}")
    if _is_number(minval, maxval):
        drawn = torch.randint(int(minval), int(maxval), tuple(shape), device=placement.device, generator=generator)
        return drawn.to(wanted)
    unit = torch.rand(tuple(shape), dtype=torch.float64, device=placement.device, generator=generator)
    low, high = (torch.as_tensor(bound, device=placement.device) for bound in (minval, maxval))
    return torch.minimum(torch.floor(unit * (high - low) + low), high.double() - 1).to(wanted)


def gamma(shape: Sequence[int], alpha: Any, dtype: str | None = None, seed: Any = None) -> Tensor:
    """Gamma-distributed numbers of scale 1."""
    return _gamma(shape, alpha, dtype, generator_for(seed))


def _gamma(shape: Sequence[int], alpha: Any, dtype: str | None, generator: torch.Generator | None) -> Tensor:
    wanted = native_dtype(dtype or floatx())
    exact = torch.float64 if wanted is torch.float64 else torch.float32  # there is no kernel for half precision
    alpha = torch.as_tensor(alpha, dtype=exact, device=placement.device)
    return torch._standard_gamma(alpha.expand(tuple(shape)).contiguous(), generator).to(wanted)


def beta(shape: Sequence[int], alpha: Any, beta: Any, dtype: str | None = None, seed: Any = None) -> Tensor:
    """Beta-distributed numbers."""
    generator = generator_for(seed)
    exact = "float64" if dtype == "float64" else "float32"
    first, second = (_gamma(shape, shape_parameter, exact, generator) for shape_parameter in (alpha, beta))
    return (first / (first + second)).to(native_dtype(dtype or floatx()))


def binomial(
    shape: Sequence[int], counts: Any, probabilities: Any, dtype: str | None = None, seed: Any = None
) -> Tensor:
    """Numbers of successes."""
    full = [
        torch.as_tensor(value, dtype=torch.float32, device=placement.device).expand(tuple(shape)).contiguous()
        for value in (counts, probabilities)
    ]
    return torch.binomial(*full, generator=generator_for(seed)).to(native_dtype(dtype or floatx()))


def categorical(logits: Tensor, num_samples: int, dtype: str | None = "int32", seed: Any = None) -> Tensor:
    """Classes drawn by their logits: (batch, classes) → (batch, num_samples)."""
    if logits.ndim != 2:
        raise ValueError(f"categorical: logits of shape {tuple(logits.shape)}")
    probabilities = torch.softmax(logits, -1)
    drawn = torch.multinomial(probabilities, num_samples, True, generator=generator_for(seed, logits.device))
    return drawn.to(native_dtype(dtype or "int32"))


def shuffle(x: Tensor, axis: int = 0, seed: Any = None) -> Tensor:
    """x with its slices along an axis in random order."""
    order = torch.randperm(x.shape[axis], device=x.device, generator=generator_for(seed, x.device))
    return torch.index_select(x, axis, order)


def dropout(inputs: Tensor, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Any = None) -> Tensor:
    """inputs with a share of elements set to 0, and the others scaled up to keep the mean."""
    if not 0 <= rate <= 1:
        raise ValueError(f"random.dropout: rate is between 0 and 1, got {rate}")
    generator = generator_for(seed, inputs.device)
    if rate == 1:
        return torch.zeros_like(inputs)
    if generator is None and noise_shape is None:
        return torch.dropout(inputs, rate, True)  # 1.6 times as fast, though infinities that are dropped become NaN
    shape = inputs.shape if noise_shape is None else _filled(noise_shape, inputs.shape)
    kept = torch.empty(shape, dtype=torch.bool, device=inputs.device).bernoulli_(1 - rate, generator=generator)
    return torch.where(kept, inputs * (1 / (1 - rate)), 0)


def _filled(noise_shape: Sequence[int | None], shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(size if wanted is None else wanted for wanted, size in zip(noise_shape, shape, strict=True))
