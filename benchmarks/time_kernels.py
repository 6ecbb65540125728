"""Single kernels at working sizes: their speed as a share of that of the framework's own call, side by side."""

import measure
import numpy as np
from native_kernels import native_kernels

ROUND, ROUNDS = 0.02, 45  # seconds of calls to a round, and how many: short and many, so that the median is calm
RANDOM = np.random.default_rng(0)


def numbers(*shape):
    return RANDOM.normal(size=shape).astype("float32")


def kernels(ops):
    """Name → what kmb calls, the name of the framework's own, the arrays, and whether gradients are measured too."""
    image, kernel = numbers(8, 32, 32, 64), numbers(3, 3, 64, 64) / 24
    heads = [numbers(4, 128, 8, 32) for _ in range(3)]
    tokens, scale, shift = numbers(32, 128, 256), numbers(256), numbers(256)
    table, indices = numbers(10000, 128), RANDOM.integers(0, 10000, (64, 64)).astype("int32")
    return {
        "conv NHWC": (lambda x, k: ops.conv(x, k, 1, "same", "channels_last"), "conv_nhwc", [image, kernel], True),
        "conv NCHW": (
            lambda x, k: ops.conv(x, k, 1, "same", "channels_first"),
            "conv_nchw",
            [np.ascontiguousarray(np.moveaxis(image, -1, 1)), kernel],
            True,
        ),
        "layer norm": (
            lambda x, a, b: ops.layer_normalization(x, a, b, axis=-1, epsilon=1e-3),
            "layer_normalization",
            [tokens, scale, shift],
            False,
        ),
        "softmax": (lambda x: ops.softmax(x, -1), "softmax", [numbers(64, 4, 64, 64)], False),
        "take": (lambda t, i: ops.take(t, i, 0), "take", [table, indices], False),
        "einsum": (lambda x, y: ops.einsum("bthd,bshd->bhts", x, y), "einsum", heads[:2], False),
        "attention": (ops.dot_product_attention, "attention", heads, False),
    }


def figure(library, backend):
    own, side = native_kernels(backend)
    found = {}
    for name, (ours, native, arrays, differentiated) in kernels(library.ops).items():
        if not hasattr(own, native):
            continue
        tensors = [side.tensor(array) for array in arrays]
        if native.startswith("conv") and backend == "torch":  # as torch keeps it, and as kmb's layers do
            tensors[1] = tensors[1].permute(3, 2, 0, 1).contiguous().permute(2, 3, 1, 0)
        pairs = [(name, ours, getattr(own, native))]
        if differentiated:
            pairs.append((f"{name}, backward", own.gradients(ours), own.gradients(getattr(own, native))))
        for title, left, right in pairs:
            found |= speed(title, left, right, tensors, own.finish)
    for suffix in ("", ", backward"):
        times = [found.pop(f"_{layout}{suffix}", None) for layout in ("conv NHWC", "conv NCHW")]
        if None not in times:
            found[f"NHWC : NCHW{suffix}"] = times[1] / times[0]
    return {name: value for name, value in found.items() if not name.startswith("_")}


def speed(title, ours, native, tensors, finish):
    """The share, and under `_title` the time of one call of ours."""
    for left, right in zip(flat(ours(*tensors)), flat(native(*tensors)), strict=True):
        measure.refuse_if_different(left, right, 1e-3 * max(1.0, float(np.abs(np.asarray(right)).max())))
    count = measure.calls_in(lambda: finish(native(*tensors)), ROUND)

    def repeated(function):
        def run():
            for _ in range(count):
                result = function(*tensors)
            finish(result)

        return run

    times = measure.compare_times(repeated(ours), repeated(native), rounds=ROUNDS)
    return {title: 1 / times["ratio"], f"_{title}": times["ours, ms"] / count}


def flat(outputs):
    return outputs if isinstance(outputs, (tuple, list)) else [outputs]


if __name__ == "__main__":
    aim = "at least 0.97 of the framework's speed; NHWC on torch at least 0.95 of NCHW"
    measure.main("Single kernels, speed over the framework's own", aim, figure)
