"""Calls of ops on symbolic tensors; `python op_calls.py FILE` writes how Keras describes each."""

import json
import re
import sys

CALLS = """
abs(x); absolute(x); add(x, y); add(x, 1.0); all(x); amax(x, axis=1); amin(x); any(x, axis=(0, 1)); arccos(x)
arctan2(x, y); argmax(x, axis=-1); argmin(x, axis=0, keepdims=True); argsort(x); average(x, axis=1, weights=y)
average(x); broadcast_to(x, (4, 6)); cast(x, "int32"); ceil(x); clip(x, 0.0, 1.0); concatenate([x, y], axis=-1)
cos(x); count_nonzero(x, axis=0); cumprod(x); cumsum(x, axis=1); divide(x, y); dot(x, z); einsum("ij,jk->ik", x, z)
elu(x, alpha=0.5); equal(x, y); erf(x); exp(x); expand_dims(x, 0); expand_dims(x, (0, 1)); flip(x, axis=1); floor(x)
floor_divide(x, y); full_like(x, 2.0); gelu(x, approximate=False); glu(x, axis=1); greater(x, y); greater_equal(x, 1)
hard_shrink(x, threshold=0.3); hard_sigmoid(x); hard_silu(x); hard_tanh(x); isfinite(x); isnan(x)
leaky_relu(x, negative_slope=0.1); less(x, y); less_equal(x, y); log(x); log1p(x); log_sigmoid(x)
log_softmax(x, axis=0); logical_and(x, y); logical_not(x); logaddexp(x, y); logsumexp(x, axis=1, keepdims=True)
matmul(x, z); max(x, axis=1); maximum(x, 0.5); mean(x, axis=(0, 1)); min(x); minimum(x, y); mod(x, y)
moveaxis(x, 0, 1); multiply(x, 2); nan_to_num(x, nan=1.0); negative(x); norm(x, ord=2, axis=1); not_equal(x, y)
one_hot(i, 5); ones_like(x); outer(x, y); pad(x, ((1, 1), (0, 2))); pad(x, 1, constant_values=3); power(x, 2)
prod(x, axis=0); ravel(x); reciprocal(x); relu(x); relu6(x); repeat(x, 2, axis=0); reshape(x, (2, -1)); roll(x, 1)
round(x); round(x, 2); rsqrt(x); selu(x); sigmoid(x); sign(x); silu(x); sin(x); soft_shrink(x); softmax(x)
softmax(x, axis=(0, 1)); softplus(x); softsign(x); sort(x, axis=0); split(x, 2); split(x, (1, 3), axis=1); sqrt(x)
square(x); squeeze(w); squeeze(w, 0); stack([x, y], axis=1); std(x); subtract(x, y); sum(x); sum(x, axis=[0, 1])
swapaxes(x, 0, 1); take(x, i, axis=0); take_along_axis(x, j, axis=0); tan(x); tanh(x); tanh_shrink(x)
tensordot(x, z, axes=1); threshold(x, 0.1, 2.0); tile(x, (2, 1)); top_k(x, 2); trace(x); transpose(x)
transpose(x, (1, 0)); tril(x, 1); triu(x); true_divide(x, y); trunc(x); unstack(x, axis=0); var(x, axis=1); vdot(v, v)
where(c, x, y); zeros_like(x); binary_crossentropy(x, y); categorical_crossentropy(x, y, axis=0)
sparse_categorical_crossentropy(i, x, from_logits=True); squareplus(x, b=2); sparsemax(x); celu(x)
conv(im, k, padding="same"); conv(im, k, strides=(2, 1), dilation_rate=1); max_pool(im, 2)
average_pool(im, (2, 2), strides=1, padding="same"); moments(x, (0,)); normalize(x, axis=1, order=1)
sparse_sigmoid(x); sparse_plus(x)
""".replace("\n", ";")
# Not named as in ops: operators and indexing.
EXPRESSIONS = """x + y; 1 - x; x / 2; x // y; x ** 2; 2 ** x; -x; abs(x); x @ z; x > y; x != y; x[0]; x[:, 1:3];
x[..., -1]; x[0, ::2]; x % y""".replace("\n", ";")

ALL = [call.strip() for call in f"{CALLS};{EXPRESSIONS}".split(";") if call.strip()]


def tensors(library):
    def made(*shape, dtype="float32", name):
        return library.Input(batch_shape=shape, dtype=dtype, name=name)

    return {
        **{name: made(4, 6, name=name) for name in "xy"},
        "z": made(6, 3, name="z"),
        "v": made(6, name="v"),
        "w": made(1, 4, 1, name="w"),
        "c": made(4, 6, dtype="bool", name="c"),
        "i": made(4, dtype="int32", name="i"),
        "j": made(4, 6, dtype="int32", name="j"),
        "im": made(1, 8, 8, 2, name="im"),
        "k": made(3, 3, 2, 2, name="k"),
    }


def computed(library, call, known):
    """What a call gives for tensors by name."""
    scope = vars_of(library.ops)
    return eval(call, {**scope, **{name: scope["convert_to_tensor"](value) for name, value in known.items()}})


def vars_of(namespace):
    return {name: getattr(namespace, name) for name in dir(namespace) if not name.startswith("_")}


def model_of(library, call):
    """A model with one call as all that it does."""
    known = tensors(library)
    used = [known[name] for name in dict.fromkeys(re.findall(r"\w+", call)) if name in known]
    return library.Model(used, eval(call, {**vars_of(library.ops), **known}))


def model_of_all(library, calls):
    """A model with an output for each call, and the names of its inputs."""
    known = tensors(library)
    used = [name for name in known if any(re.search(rf"\b{name}\b", call) for call in calls)]
    scope = {**vars_of(library.ops), **known}
    return library.Model([known[name] for name in used], [eval(call, scope) for call in calls]), used


def described(library, call):
    """The description of the call's operation, without its name and what is None."""
    config = model_of(library, call).get_config()
    inputs = {"x", "y", "z", "v", "w", "c", "i", "j", "im", "k"}
    (entry,) = [layer for layer in config["layers"] if layer["name"] not in inputs]
    return {
        "module": entry["module"],
        "class_name": entry["class_name"],
        "registered_name": entry["registered_name"],
        "config": {key: value for key, value in entry["config"].items() if key != "name"},
        "inbound_nodes": [{**node, "kwargs": _given(node["kwargs"])} for node in entry["inbound_nodes"]],
    }


def _given(kwargs):
    return {key: value for key, value in kwargs.items() if value is not None}


def all_described(library):
    found = {}
    for call in ALL:
        try:
            found[call] = described(library, call)
        except Exception as error:
            found[call] = f"{type(error).__name__}: {error}"
    return json.loads(json.dumps(found))


if __name__ == "__main__":
    import keras

    with open(sys.argv[1], "w") as file:
        json.dump(all_described(keras), file)
