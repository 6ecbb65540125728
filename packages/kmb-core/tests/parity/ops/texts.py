"""Calls written out, for what the rows of the conformance suite do not reach.

A line is evaluated in each library, with `ops` as its namespace of operations and the inputs below by name. What
follows `# eager` is not made symbolically.
"""

import re

import numpy as np

_GENERATOR = np.random.default_rng(3)


def _floats(*shape: int) -> np.ndarray:
    return _GENERATOR.uniform(-1.5, 1.5, shape).astype("float32")


INPUTS = {
    "x": _floats(4, 6),
    "y": _floats(4, 6),
    "v": _floats(6),
    "s": _floats(),
    "t": _floats(2, 3, 4),
    "volume": _floats(2, 4, 5, 6, 2),
    "n": np.arange(6, dtype="int32"),
    "i": np.array([0, 2, 1, 3], "int32"),
    "k": np.array(2, "int32"),
    "b": np.array(True),
    "f": np.array(False),
}


def used_inputs(text: str) -> list[str]:
    """The names of the inputs in a line."""
    return [name for name in dict.fromkeys(re.findall(r"(?<![\w.])\w+", text)) if name in INPUTS]


TEXTS: dict[str, list[str]] = {
    "convert_to_numpy": ["ops.convert_to_numpy(x)  # eager", "ops.convert_to_numpy(n)  # eager"],
    "convert_to_tensor": [
        "ops.convert_to_tensor(x)",
        "ops.convert_to_tensor(x, 'float16')",
        "ops.convert_to_tensor(n, dtype='float32')",
        "ops.convert_to_tensor(2)",
        "ops.convert_to_tensor(2.5)",
        "ops.convert_to_tensor(True)",
        "ops.convert_to_tensor([1, 2, 3])",
        "ops.convert_to_tensor([1.0, 2])",
        "ops.convert_to_tensor([[True], [False]])",
        "ops.convert_to_tensor((1, 2), dtype='uint8')",
        "ops.convert_to_tensor(np.arange(3, dtype='int16'))",
        "ops.convert_to_tensor(np.arange(3, dtype='int8'))",
        "ops.convert_to_tensor(np.ones((2, 0), 'float16'))",
    ],
    "is_tensor": ["ops.is_tensor(x)  # eager", "ops.is_tensor(2.0)", "ops.is_tensor([1])", "ops.is_tensor(np.ones(2))"],
    "ndim": ["ops.ndim(x)", "ops.ndim(s)", "ops.ndim(t)"],
    "shape": ["ops.shape(x)", "ops.shape(s)", "ops.shape(t)"],
    "size": ["ops.size(x)", "ops.size(s)", "ops.size(t)"],
    "dtype": ["ops.dtype(x)", "ops.dtype(n)", "ops.dtype(b)"],
    "array": ["ops.array(2)", "ops.array([1.5, 2])", "ops.array(x, 'int32')", "ops.array([True])"],
    "arange": [
        "ops.arange(3)",
        "ops.arange(3.0)",
        "ops.arange(1, 5)",
        "ops.arange(0.5, 3, 1)",
        "ops.arange(0, 1, 0.25)",
        "ops.arange(5, 0, -2)",
        "ops.arange(3, dtype='int8')",
        "ops.arange(3, dtype='bfloat16')",
        "ops.arange(3, 3)",
    ],
    "full": ["ops.full((2,), 3)", "ops.full((2,), 1.5)", "ops.full((2,), True)", "ops.full(2, 1)", "ops.full((2,), k)"],
    "zeros": ["ops.zeros(3)", "ops.zeros((2, 2), 'bool')", "ops.zeros([2, 3])"],
    "ones": ["ops.ones(3)", "ops.ones((2, 2), 'int8')", "ops.ones([2, 3])"],
    "eye": ["ops.eye(2)", "ops.eye(2, dtype='bool')", "ops.eye(2, 3, k=-1)"],
    "linspace": [
        "ops.linspace(0, 1, 5)",
        "ops.linspace(0, 10, 5, dtype='int32')",
        "ops.linspace(s, 3, 4, endpoint=False)",
    ],
    "where": [
        "ops.where(x > 0, x, 0)",
        "ops.where(x > 0, 1, 0.5)",
        "ops.where(b, n, 2.5)",
        "ops.where([True, False], 1, 2)",
    ],
    "take": ["ops.take(x, [0, 2])", "ops.take(x, 1, axis=-1)", "ops.take(x, i)", "ops.take(t, [[0], [1]], axis=1)"],
    "reshape": ["ops.reshape(x, (-1,))", "ops.reshape(x, [2, -1])", "ops.reshape(s, ())", "ops.reshape(x, 24)"],
    "cast": ["ops.cast(x, 'int8')", "ops.cast(x, 'bool')", "ops.cast(n, 'float16')", "ops.cast(2, 'float32')"],
    "saturate_cast": ["ops.saturate_cast(x * 400, 'uint8')", "ops.saturate_cast(x, 'float16')"],
    "vectorize": [
        "ops.vectorize(lambda a: a + 1)(x)  # eager",
        "ops.vectorize(ops.square, signature='(a)->(a)')(x)  # eager",
    ],
    "vectorized_map": [
        "ops.vectorized_map(lambda r: ops.sum(r * r), x)",
        "ops.vectorized_map(lambda p: p[0] + p[1], (x, y))",
    ],
    "map": [
        "ops.map(lambda r: ops.sum(r), x)",
        "ops.map(lambda p: p[0] - p[1], (x, y))",
        "ops.map(lambda r: {'r': r}, x)",
    ],
    "scan": [
        "ops.scan(lambda c, a: (c + a, c * 2), v * 0, x)",
        "ops.scan(lambda c, a: (c + a, a), s, v, reverse=True)",
        "ops.scan(lambda c, a: (c + 1, c), s, None, length=3)",
    ],
    "associative_scan": [
        "ops.associative_scan(lambda a, b: a + b, x)",
        "ops.associative_scan(lambda a, b: a * b, x, reverse=True, axis=1)",
    ],
    "cond": [
        "ops.cond(b, lambda: x, lambda: y)",
        "ops.cond(f, lambda: (x, s), lambda: (y, s + 1))",
        "ops.cond(True, lambda: x + 1, lambda: x - 1)",
    ],
    "switch": [
        "ops.switch(k, [lambda a: a, lambda a: a + 1, lambda a: a * 2], x)",
        "ops.switch(7, [lambda a: a, lambda a: a + 1], x)",
    ],
    "while_loop": [
        "ops.while_loop(lambda a: a < 5, lambda a: a + 1, (k,))",
        "ops.while_loop(lambda a, z: a < 5, lambda a, z: (a + 1, z * 2), (k, x), maximum_iterations=2)",
        "ops.while_loop(lambda a: a < 5, lambda a: a + 2, k)",
    ],
    "fori_loop": ["ops.fori_loop(0, 3, lambda j, a: a + 2, x)", "ops.fori_loop(2, 2, lambda j, a: a * 0, x)"],
    "custom_gradient": ["ops.custom_gradient(lambda a: (a * 2, lambda *args, upstream: upstream))(x)  # eager"],
    "jvp": ["ops.jvp(lambda a: ops.sum(a * a), (x,), (y,))", "ops.jvp(lambda a: a * 3, [x], [y], has_aux=False)"],
    "stop_gradient": ["ops.stop_gradient(x)", "ops.stop_gradient(n)"],
    "rearrange": ["ops.rearrange(t, 'a b c -> b (a c)')", "ops.rearrange(x, '(a b) c -> a c b', a=2)"],
    "image.extract_patches_3d": [
        "ops.image.extract_patches_3d(volume, (2, 3, 2), data_format='channels_last')",
        "ops.image.extract_patches_3d(volume, 2, strides=2, padding='same', data_format='channels_last')",
        "ops.image.extract_patches_3d(volume[0], (2, 2, 2), strides=(1, 2, 3), data_format='channels_last')",
    ],
}
