"""Elementary functions: torch's own, bound. Their C form takes the parameter name `x` too."""

import torch

from kmb_backend_torch.ops.operands import Operand, beside

sqrt = torch.sqrt
rsqrt = torch.rsqrt
exp = torch.exp
expm1 = torch.expm1
log = torch.log
log1p = torch.log1p
log2 = torch.log2
log10 = torch.log10
sin = torch.sin
cos = torch.cos
tan = torch.tan
arcsin = torch.arcsin
arccos = torch.arccos
arctan = torch.arctan
sinh = torch.sinh
cosh = torch.cosh
tanh = torch.tanh
arcsinh = torch.arcsinh
arccosh = torch.arccosh
arctanh = torch.arctanh
erf = torch.erf
erfinv = torch.erfinv
erfc = torch.erfc


def arctan2(x1: torch.Tensor, x2: Operand) -> torch.Tensor:
    """The angle of the point (x2, x1)."""
    return torch.atan2(x1, beside(x1, x2))


def logaddexp(x1: torch.Tensor, x2: Operand) -> torch.Tensor:
    """log(e^x1 + e^x2)."""
    return torch.logaddexp(x1, beside(x1, x2))
