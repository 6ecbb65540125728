"""`ops.linalg`: the part of `ops` that is about matrices, under a name of its own."""

from kmb_core._lazy import lazy_names

_FAMILIES = {
    "decompositions": "cholesky eig eigh lu_factor qr svd",
    "solving": "cholesky_inverse inv lstsq matrix_rank pinv solve solve_triangular",
    "matrices": "det",
    "norms": "norm",
    "transformations": "jvp",
}
_NAMES = {name: f"kmb_core.ops.{family}" for family, names in _FAMILIES.items() for name in names.split()}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
