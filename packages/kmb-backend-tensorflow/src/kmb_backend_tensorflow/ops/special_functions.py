"""Bessel's function: TensorFlow's kernel."""

from kmb_backend_tensorflow.dtypes import HALVES_AS_FLOAT32, through
from kmb_backend_tensorflow.raw import raw_op

i0 = through(HALVES_AS_FLOAT32, raw_op("BesselI0"))
