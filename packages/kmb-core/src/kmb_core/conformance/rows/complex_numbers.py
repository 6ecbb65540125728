"""Rows of `ops.complex_numbers`; the cases' dtypes are real, complex tensors have a dtype of their own."""

import numpy as np

from kmb_core.conformance.row import ANY, NUMBERS, Draw, Table, fixed, numbers

TABLE = Table()


def complexes(*shape):
    """Complex numbers around 0."""

    def draw(generator, size):
        return generator.normal(size=size) + 1j * generator.normal(size=size)

    return Draw(shape, draw, "complex64")


PARTS = {"real": np.real, "imag": np.imag}
CONJUGATES = {"conj": np.conjugate, "conjugate": np.conjugate}

TABLE.add_all(PARTS, numbers(2, 3), dtypes=ANY)
TABLE.add_all(PARTS, complexes(2, 3), dtypes=("float32",))
TABLE.add_all(PARTS, numbers(0, 2))
TABLE.add_all(PARTS, numbers(2), gradients=True)
TABLE.add_all(CONJUGATES, numbers(2, 3), dtypes=NUMBERS, gradients=True)
TABLE.add_all(CONJUGATES, numbers())
TABLE.add("angle", np.angle, fixed([2.0, -3.0, 0.0]), dtypes=NUMBERS)
TABLE.add("angle", np.angle, complexes(2, 3), dtypes=("float32",))
TABLE.add("angle", lambda x: np.where(np.isnan(x), x, np.angle(x)), fixed([np.inf, -np.inf, np.nan]), finite=False)
TABLE.add("isreal", np.isreal, numbers(2, 3), dtypes=ANY)
TABLE.add("isreal", np.isreal, fixed([1 + 2j, 3 + 0j], "complex64"), dtypes=("float32",))


def joined(x):
    return x[..., 0] + 1j * x[..., 1]


def polar(abs_, angle):
    return abs_ * np.exp(1j * angle)


TABLE.add("view_as_complex", joined, numbers(3, 2), dtypes=NUMBERS)
TABLE.add("view_as_complex", joined, numbers(2), unknown_batch=0)
TABLE.add("view_as_complex", joined, numbers(0, 2))
TABLE.add("view_as_real", lambda x: np.stack([x.real, x.imag], -1), numbers(2, 3), dtypes=NUMBERS)
TABLE.add("view_as_real", lambda x: np.stack([x.real, x.imag], -1), complexes(2, 3), dtypes=("float32",))
TABLE.add("polar", polar, numbers(2, 3), numbers(2, 3), dtypes=NUMBERS, low_tolerance=0.1)
TABLE.add("polar", polar, numbers(2, 1), numbers(3), unknown_batch=1, low_tolerance=0.1)
