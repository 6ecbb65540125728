"""Rows of `ops.rearrangement`."""

import numpy as np

from kmb_core.conformance.row import ANY, Table, numbers

TABLE = Table()


def add(pattern, oracle, *shape, **options):
    TABLE.add("rearrange", lambda x, *_, **lengths: oracle(x), numbers(*shape), pattern, dtypes=ANY, **options)


add("b c -> c b", np.transpose, 2, 3)
add("b h w c -> b c h w", lambda x: x.transpose(0, 3, 1, 2), 2, 3, 4, 5)
add("b h w c -> b (h w c)", lambda x: x.reshape(2, -1), 2, 3, 4, 2)
add("b (h w) c -> b h w c", lambda x: x.reshape(2, 3, 2, 3), 2, 6, 3, h=3)
add("(a b) c -> c b a", lambda x: x.reshape(2, 3, 4).transpose(2, 1, 0), 6, 4, b=3)
add("... c -> c ...", lambda x: np.moveaxis(x, -1, 0), 2, 3, 4)
add("a ... -> (...) a", lambda x: x.reshape(2, 12).T, 2, 3, 4, unknown_batch=0)
add("a 1 b -> b () a 1", lambda x: x[:, 0].T[:, None, :, None], 2, 1, 3)


def patches(x):
    return x.reshape(2, 2, 2, 3, 2, 2).transpose(0, 1, 3, 2, 4, 5).reshape(2, 6, 8)


add("b (h p) (w q) c -> b (h w) (p q c)", patches, 2, 4, 6, 2, p=2, q=2)
add("a b -> (b a)", lambda x: x.T.reshape(-1), 0, 3)
add("a->a", lambda x: x, 4)
TABLE.add("rearrange", lambda x, p: x.T, numbers(2, 3), "a b -> b a", gradients=True)
