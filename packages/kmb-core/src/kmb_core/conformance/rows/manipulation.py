"""Rows of `ops.manipulation`."""

import numpy as np

from kmb_core.conformance.row import ANY, NUMBERS, Table, numbers

TABLE = Table()

EVERY = {"dtypes": ANY, "gradients": True}
SOME = {"gradients": True}

TABLE.add("reshape", np.reshape, numbers(2, 6), (3, -1), **EVERY)
TABLE.add("reshape", np.reshape, numbers(2, 3), (6,), **SOME)
TABLE.add("reshape", np.reshape, numbers(1, 1), (), unknown_batch=0, **SOME)
TABLE.add("reshape", np.reshape, numbers(0, 4), (4, 0))
TABLE.add("ravel", np.ravel, numbers(2, 3), **EVERY)
TABLE.add("ravel", np.ravel, numbers(), **SOME)
TABLE.add("transpose", np.transpose, numbers(2, 3, 4), **EVERY)
TABLE.add("transpose", np.transpose, numbers(2, 3, 4), (1, -1, 0), **SOME)
TABLE.add("transpose", np.transpose, numbers(0, 3))
TABLE.add("swapaxes", np.swapaxes, numbers(2, 3, 4), 0, -1, **EVERY)
TABLE.add("moveaxis", np.moveaxis, numbers(2, 3, 4), 0, -1, **EVERY)
TABLE.add("moveaxis", np.moveaxis, numbers(2, 3, 4), (0, 1), (-1, 0), **SOME)
TABLE.add("expand_dims", np.expand_dims, numbers(2, 3), 1, **EVERY)
TABLE.add("expand_dims", np.expand_dims, numbers(2, 3), (0, -1), **SOME)
TABLE.add("expand_dims", np.expand_dims, numbers(), 0, **SOME)
TABLE.add("squeeze", np.squeeze, numbers(2, 1, 3, 1), **EVERY)
TABLE.add("squeeze", np.squeeze, numbers(2, 1, 3, 1), -3, **SOME)
TABLE.add("squeeze", np.squeeze, numbers(1, 2, 1), (0, 2), **SOME)
TABLE.add("flip", np.flip, numbers(2, 3), **EVERY)
TABLE.add("flip", np.flip, numbers(2, 3), -1, **SOME)
TABLE.add("flip", np.flip, numbers(2, 3, 2), (0, 2), **SOME)
TABLE.add("broadcast_to", np.broadcast_to, numbers(3, 1), (2, 3, 4), unknown_batch=0, **EVERY)
TABLE.add("broadcast_to", np.broadcast_to, numbers(), (2, 2), **SOME)
TABLE.add("broadcast_to", np.broadcast_to, numbers(1, 2), (0, 2), unknown_batch=0)

TABLE.add("concatenate", np.concatenate, [numbers(2, 3), numbers(2, 1), numbers(2, 0)], -1, **EVERY)
TABLE.add("concatenate", np.concatenate, [numbers(2, 3), numbers(1, 3)], **SOME)
TABLE.add("concatenate", np.concatenate, [numbers(2, 3)], 1, dtypes=("float32", "int32"))
TABLE.add("stack", np.stack, [numbers(2, 3), numbers(2, 3)], **EVERY)
TABLE.add("stack", np.stack, [numbers(2, 3), numbers(2, 3), numbers(2, 3)], -1, **SOME)
TABLE.add("split", np.split, numbers(4, 6), 2, 0, unknown_batch=0, **EVERY)
TABLE.add("split", np.split, numbers(4, 6), 3, -1, **SOME)
TABLE.add("split", np.split, numbers(4, 6), [1, 4], 1, **SOME)
TABLE.add("unstack", lambda x, num=None, axis=0: list(np.moveaxis(x, axis, 0)), numbers(2, 3), axis=-1, **EVERY)
TABLE.add("unstack", lambda x, num=None, axis=0: list(x), numbers(2, 3), 2, **SOME)
TABLE.add("tile", np.tile, numbers(2, 3), (2, 1, 2), **EVERY)
TABLE.add("tile", np.tile, numbers(2, 3), 2, **SOME)
TABLE.add("tile", np.tile, numbers(2, 3), (0, 1))
TABLE.add("repeat", np.repeat, numbers(2, 3), 2, 1, **EVERY)
TABLE.add("repeat", np.repeat, numbers(2, 3), 3, **SOME)
TABLE.add("repeat", np.repeat, numbers(2, 3), [1, 0, 2], -1, **SOME)
TABLE.add("roll", np.roll, numbers(3, 4), 1, 0, **EVERY)
TABLE.add("roll", np.roll, numbers(3, 4), -6, -1, **SOME)
TABLE.add("roll", np.roll, numbers(3, 4), 2, **SOME)
TABLE.add("roll", np.roll, numbers(3, 4), (1, 2), (0, 1), **SOME)


def pad(x, widths, mode="constant", constant_values=None):
    """NumPy's; it takes no None for the constant."""
    extra = {} if constant_values is None else {"constant_values": constant_values}
    return np.pad(x, widths, mode, **extra)


TABLE.add("pad", pad, numbers(2, 3), ((0, 0), (1, 2)), **EVERY)
TABLE.add("pad", pad, numbers(2, 3), 1, constant_values=2, dtypes=NUMBERS, gradients=True)
TABLE.add("pad", pad, numbers(3, 4), ((1, 2), (0, 3)), "reflect", **SOME)
TABLE.add("pad", pad, numbers(3, 4), ((1, 3), (2, 0)), mode="symmetric", **SOME)
TABLE.add("pad", pad, numbers(0, 2), ((1, 0), (0, 1)))
