"""Elementary functions: TensorFlow's kernels as they are."""

from kmb_backend_tensorflow.dtypes import HALVES_AS_FLOAT32, through
from kmb_backend_tensorflow.raw import raw_op

sqrt, rsqrt = raw_op("Sqrt"), raw_op("Rsqrt")
exp, expm1, log, log1p = raw_op("Exp"), raw_op("Expm1"), raw_op("Log"), raw_op("Log1p")
sin, cos, tan = raw_op("Sin"), raw_op("Cos"), raw_op("Tan")
arcsin, arccos, arctan, arctan2 = raw_op("Asin"), raw_op("Acos"), raw_op("Atan"), raw_op("Atan2")
sinh, cosh, tanh = raw_op("Sinh"), raw_op("Cosh"), raw_op("Tanh")
arcsinh, arccosh, arctanh = raw_op("Asinh"), raw_op("Acosh"), raw_op("Atanh")
erf = raw_op("Erf")
erfinv = through(HALVES_AS_FLOAT32, raw_op("Erfinv"))
