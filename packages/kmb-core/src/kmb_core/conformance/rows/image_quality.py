"""Rows of `ops.nn.image_quality`."""

import numpy as np

from kmb_core.conformance.row import NUMBERS, Table, fixed, numbers

TABLE = Table()


def psnr(x1, x2, max_val):
    return 10 * np.log10(max_val**2 / np.mean((x1 - x2) ** 2))


SOME = {"gradients": True, "tolerance": 3e-6, "low_tolerance": 0.2}
TABLE.add("psnr", psnr, numbers(2, 3, 2), numbers(2, 3, 2), 4.0, dtypes=NUMBERS, **SOME)
TABLE.add("psnr", psnr, numbers(3), numbers(3), max_val=255, **SOME)
TABLE.add("psnr", psnr, fixed([1.0, 2.0]), fixed([1.0, 2.0]), 1.0, finite=False)
