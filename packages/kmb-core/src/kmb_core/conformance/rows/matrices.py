"""Rows of `ops.matrices`."""

import numpy as np

from kmb_core.conformance.row import ANY, NUMBERS, Table, fixed, numbers
from kmb_core.conformance.rows.complex_numbers import complexes

TABLE = Table()

SOME = {"gradients": True, "tolerance": 3e-6, "low_tolerance": 0.1}

for k in (0, 1, -2):
    TABLE.add("diag", np.diag, numbers(3), k, dtypes=ANY, gradients=True)
    TABLE.add("diag", np.diag, numbers(2, 3), k, dtypes=ANY, gradients=True)
    TABLE.add("diagflat", np.diagflat, numbers(2, 2), k, dtypes=ANY, gradients=True)
    TABLE.add("diagonal", np.diagonal, numbers(2, 3, 4), k, -1, 1, dtypes=ANY, gradients=True)
TABLE.add("diagonal", np.diagonal, numbers(2, 3), 7)
TABLE.add("fliplr", np.fliplr, numbers(2, 3), dtypes=ANY, gradients=True)
TABLE.add("flipud", np.flipud, numbers(2, 3), dtypes=ANY, gradients=True)
for turns in (-1, 0, 1, 2):
    TABLE.add("rot90", np.rot90, numbers(2, 3, 4), turns, (1, 2), dtypes=ANY, gradients=True)
    TABLE.add("rot90", np.rot90, numbers(2, 3), turns)
TABLE.add("vander", np.vander, fixed([2.0, -1.0, 0.0]), dtypes=NUMBERS, unknown_batch=0, **SOME)
TABLE.add("vander", np.vander, numbers(3), 4, True, **SOME)
TABLE.add("vander", np.vander, numbers(3), 0)
TABLE.add("kron", np.kron, numbers(2, 3), numbers(2, 1), dtypes=ANY, gradients=True)
TABLE.add("kron", np.kron, numbers(2, 1, 2), numbers(3), gradients=True)
TABLE.add("kron", np.kron, numbers(), numbers(2))
TABLE.add("cross", np.cross, numbers(2, 3), numbers(2, 3), dtypes=NUMBERS, **SOME)
TABLE.add("cross", np.cross, numbers(3, 2), numbers(2, 3), axisa=0, axisc=0, unknown_batch=0, **SOME)
TABLE.add("cross", np.cross, numbers(4, 1, 3), numbers(2, 3), **SOME)


def flat_cross(x1, x2):
    """Of vectors in a plane; NumPy has no longer a product for them."""
    return x1[..., 0] * x2[..., 1] - x1[..., 1] * x2[..., 0]


TABLE.add("cross", flat_cross, numbers(4, 2), numbers(4, 2), **SOME)
TABLE.add("corrcoef", np.corrcoef, numbers(3, 6), tolerance=3e-6, low_tolerance=0.2)
TABLE.add("corrcoef", np.corrcoef, numbers(5), unknown_batch=0, low_tolerance=0.2)
MATRICES = [[[2.0, 1.0], [0.5, -3.0]], [[1.0, 0.25], [-1.0, 2.0]]]
TABLE.add("slogdet", np.linalg.slogdet, fixed(MATRICES), gradients=True, tolerance=3e-6, low_tolerance=0.2)
TABLE.add("slogdet", np.linalg.slogdet, fixed([[2.0, 1.0], [0.0, -3.0]]), dtypes=("int32",), unknown_batch=0)
TABLE.add("slogdet", np.linalg.slogdet, fixed([[0.0, 0.0], [0.0, 0.0]]), unknown_batch=0, finite=False)
DETERMINANTS = {"slogdet": np.linalg.slogdet, "det": np.linalg.det, "logdet": lambda x: np.linalg.slogdet(x)[1]}
TABLE.add_all(DETERMINANTS, fixed(MATRICES), gradients=True, tolerance=3e-6, low_tolerance=0.2)
TABLE.add_all(DETERMINANTS, fixed([[2.0, 1.0], [0.0, -3.0]]), dtypes=("int32",), unknown_batch=0)
TABLE.add_all(DETERMINANTS, complexes(2, 3, 3), dtypes=("float32",), tolerance=1e-5)
for shape in ((0, 0), (2, 0, 0), (0, 2, 2)):
    TABLE.add_all(DETERMINANTS, numbers(*shape), unknown_batch=int(len(shape) > 2))
TABLE.add("det", np.linalg.det, fixed([[0.0, 0.0], [0.0, 0.0]]), unknown_batch=0)
TABLE.add("logdet", lambda x: np.linalg.slogdet(x)[1], fixed([[0.0, 0.0], [0.0, 0.0]]), unknown_batch=0, finite=False)
