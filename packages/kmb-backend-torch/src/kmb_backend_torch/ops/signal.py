"""Spectra: torch's transforms. Half precision is computed in float32: not every device transforms halves."""

from typing import Any

import torch

Tensor = torch.Tensor
Pair = tuple[Tensor, Tensor]
_HALVES = (torch.float16, torch.bfloat16)


def _joined(x: Any) -> Tensor:
    real, imag = x
    if real.shape != imag.shape:
        raise ValueError("two tensors of the same shape")  # the declaration says it in full
    return torch.complex(real.float(), imag.float()) if real.dtype in _HALVES else torch.complex(real, imag)


def _split(spectrum: Tensor, dtype: torch.dtype) -> Pair:
    real, imag = spectrum.real, spectrum.imag
    return (real.to(dtype), imag.to(dtype)) if dtype in _HALVES else (real, imag)


def _of_none(x: Tensor, length: int | None) -> bool:
    """Whether there is no signal to transform, which torch's kernels do not take."""
    return x.numel() == 0 and x.shape[-1] > 0 and (length is None or length > 0)


def fft(x: Any) -> Pair:
    """torch's."""
    joined = _joined(x)
    return _split(joined if _of_none(joined, None) else torch.fft.fft(joined), x[0].dtype)


def fft2(x: Any) -> Pair:
    """torch's."""
    joined = _joined(x)
    return _split(joined if _of_none(joined, None) and joined.shape[-2] else torch.fft.fft2(joined), x[0].dtype)


def ifft2(x: Any) -> Pair:
    """torch's."""
    joined = _joined(x)
    return _split(joined if _of_none(joined, None) and joined.shape[-2] else torch.fft.ifft2(joined), x[0].dtype)


def rfft(x: Tensor, fft_length: int | None = None) -> Pair:
    """torch's."""
    if x.is_complex():
        raise ValueError("a real signal")
    if _of_none(x, fft_length):
        nothing = x.new_zeros((*x.shape[:-1], (fft_length or x.shape[-1]) // 2 + 1))
        return nothing, nothing.clone()
    if x.shape[-1] == 0 and fft_length:
        x = torch.nn.functional.pad(x, (0, fft_length))
    return _split(torch.fft.rfft(x.float() if x.dtype in _HALVES else x, fft_length), x.dtype)


def irfft(x: Any, fft_length: int | None = None) -> Tensor:
    """torch's."""
    joined = _joined(x)
    length = 2 * (joined.shape[-1] - 1) if fft_length is None else fft_length
    if _of_none(joined, length):
        return x[0].new_zeros((*joined.shape[:-1], length))
    return torch.fft.irfft(joined, fft_length).to(x[0].dtype)


def extract_sequences(x: Tensor, sequence_length: int, sequence_stride: int) -> Tensor:
    """torch's unfold: a view of all windows, of which every `sequence_stride`-th is taken."""
    if sequence_length < 1 or not x.ndim:  # torch takes 0, and scalars
        raise ValueError("lengths are positive")
    return x.unfold(-1, sequence_length, sequence_stride)
