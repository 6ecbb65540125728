"""Spectra: JAX's transforms. Half precision is computed in float32, which is the least that XLA transforms."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kmb_backend_jax.kernel import kernel
from kmb_core.ops import signal as declared

Pair = tuple[jax.Array, jax.Array]
_TRANSFORMED = (np.dtype("float32"), np.dtype("float64"))


def _wide(x: jax.Array) -> jax.Array:
    return x if x.dtype in _TRANSFORMED else x.astype("float32")


def _split(spectrum: jax.Array, dtype: Any) -> Pair:
    return spectrum.real.astype(dtype), spectrum.imag.astype(dtype)


def _joined(real: jax.Array, imag: jax.Array) -> jax.Array:
    return jax.lax.complex(_wide(real), _wide(imag))


_fft = kernel(lambda real, imag: _split(jnp.fft.fft(_joined(real, imag)), real.dtype))
_fft2 = kernel(lambda real, imag: _split(jnp.fft.fft2(_joined(real, imag)), real.dtype))
_ifft2 = kernel(lambda real, imag: _split(jnp.fft.ifft2(_joined(real, imag)), real.dtype))
_irfft = kernel(
    lambda real, imag, length: jnp.fft.irfft(_joined(real, imag), length).astype(real.dtype), static=("length",)
)


@kernel(static=("fft_length",))
def rfft(x: jax.Array, fft_length: int | None = None) -> Pair:
    """JAX's."""
    if jnp.iscomplexobj(x):
        raise ValueError("a real signal")  # the declaration says it in full
    return _split(jnp.fft.rfft(_wide(x), fft_length), x.dtype)


def fft(x: Any) -> Pair:
    """JAX's."""
    return _fft(*_checked(x, 1))


def fft2(x: Any) -> Pair:
    """JAX's."""
    return _fft2(*_checked(x, 2))


def ifft2(x: Any) -> Pair:
    """JAX's."""
    return _ifft2(*_checked(x, 2))


def irfft(x: Any, fft_length: int | None = None) -> jax.Array:
    """JAX's."""
    real, imag = _checked(x, 1)
    if fft_length is None and real.shape[-1] == 1:  # JAX gives a signal without points
        raise ValueError("no points")
    return _irfft(real, imag, fft_length)


def _checked(x: Any, axes: int) -> Pair:
    real, imag = x
    if real.shape != imag.shape or 0 in real.shape[-axes:] or jnp.iscomplexobj(real):
        raise ValueError("two real tensors of the same shape, with points")  # the declaration says it in full
    return real, imag


_STATIC = ("sequence_length", "sequence_stride", "fft_length", "length", "window", "center")


@cache
def _compiled(op: str) -> Any:
    """An op as it is declared, compiled into one; it is declared when this module is there."""
    record = getattr(declared, op).op
    return kernel(record.body, static=tuple(name for name in _STATIC if name in record.signature.parameters))


def extract_sequences(x: jax.Array, sequence_length: int, sequence_stride: int) -> jax.Array:
    """The op as it is declared, compiled into one."""
    return _compiled("extract_sequences")(x, sequence_length, sequence_stride)


def stft(
    x: jax.Array,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int | None,
    window: Any = "hann",
    center: bool = True,
) -> Pair:
    """The op as it is declared, compiled into one where the window has a name."""
    transform = _compiled("stft") if _is_named(window) else declared.stft.op.body
    return transform(x, sequence_length, sequence_stride, fft_length, window, center)


def istft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int | None,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> jax.Array:
    """The op as it is declared, compiled into one where the window has a name."""
    transform = _compiled("istft") if _is_named(window) else declared.istft.op.body
    return transform(x, sequence_length, sequence_stride, fft_length, length, window, center)


def _is_named(window: Any) -> bool:
    return window is None or isinstance(window, str)
