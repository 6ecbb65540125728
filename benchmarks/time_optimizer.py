"""One eager step of an optimizer on 200 variables: time over the framework's own, and calls beyond it.

The framework's own is `torch.optim` (fused where it can be, else "foreach"), a jitted `optax.adam`, and a tf.function
of TensorFlow's Adam kernels. Optimizers that the framework lacks are held against its Adam: those figures are marked,
and say only what a step costs. Settings are such that epsilons do not matter, and both sides must end at the same
values.
"""

import measure
import numpy as np

RANDOM = np.random.default_rng(0)
SHAPES = [(64, 64), (64,)] * 100
VALUES, GRADIENTS = ([RANDOM.normal(size=shape).astype("float32") for shape in SHAPES] for _ in range(2))
RATE, TINY = 1e-3, 1e-12
REPEATS, ROUNDS = 5, 7


def figure(library, backend):
    native = {"torch": Torch, "jax": Jax, "tensorflow": Tensorflow}[backend]()
    found = {}
    for name, (settings, other, comparable) in native.cases.items():
        variables = [library.Variable(value) for value in VALUES]
        gradients = [library.ops.convert_to_tensor(gradient) for gradient in GRADIENTS]
        optimizer = getattr(library.optimizers, name)(learning_rate=RATE, **settings)
        optimizer.build(variables)
        step, finish = native.stepping(other)

        def ours(optimizer=optimizer, gradients=gradients, variables=variables):
            optimizer.apply(gradients, variables)
            wait(variables[-1].value)

        for _ in range(4):
            ours()
            step()
        if comparable:
            for mine, theirs in zip(variables, finish(), strict=True):
                measure.refuse_if_different(library.ops.convert_to_numpy(mine), theirs, 1e-4)
        title = name if comparable else f"({name})"
        times = measure.compare_times(lambda ours=ours: repeated(ours), lambda step=step: repeated(step), ROUNDS)
        found[title] = times["ratio"]
        found[f"{title}, calls"] = measure.count_calls(ours) - measure.count_calls(step)
    return found


def repeated(step):
    for _ in range(REPEATS):
        step()


def wait(tensor):
    if hasattr(tensor, "block_until_ready"):
        tensor.block_until_ready()


class Torch:
    """torch.optim; a name, its arguments, and whether the maths is that of the optimizer on our side."""

    cases = {
        "SGD": ({"momentum": 0.9}, ("SGD", {"momentum": 0.9, "foreach": True}), True),
        "Adam": ({"epsilon": TINY}, ("Adam", {"eps": TINY, "fused": True}), True),
        "AdamW": ({"epsilon": TINY}, ("AdamW", {"eps": TINY, "weight_decay": 0.004, "fused": True}), True),
        "RMSprop": ({"epsilon": TINY**2}, ("RMSprop", {"alpha": 0.9, "eps": TINY, "foreach": True}), True),
        "Adagrad": (
            {"epsilon": TINY},
            ("Adagrad", {"initial_accumulator_value": 0.1, "eps": TINY, "foreach": True}),
            True,
        ),
        "Adadelta": ({"epsilon": 1e-6}, ("Adadelta", {"rho": 0.95, "eps": 1e-6, "foreach": True}), True),
        "Adamax": ({"epsilon": TINY}, ("Adamax", {"eps": TINY, "foreach": True}), True),
        "Nadam": ({"epsilon": TINY}, ("NAdam", {"eps": TINY, "momentum_decay": 1.0, "foreach": True}), True),
        "Adafactor": ({}, ("Adafactor", {"weight_decay": 0.0, "foreach": True}), False),
        "Lion": ({}, ("Adam", {"foreach": True}), False),
        "Lamb": ({}, ("Adam", {"foreach": True}), False),
        "Ftrl": ({}, ("Adam", {"foreach": True}), False),
        "ScheduleFreeAdamW": ({}, ("Adam", {"foreach": True}), False),
        "Muon": ({}, ("Muon", {}), False),
    }

    def stepping(self, other):
        import torch

        name, settings = other
        parameters = [torch.nn.Parameter(torch.from_numpy(value.copy())) for value in VALUES]
        for parameter, gradient in zip(parameters, GRADIENTS, strict=True):
            parameter.grad = torch.from_numpy(gradient.copy())
        optimizers = [getattr(torch.optim, name)(parameters if name != "Muon" else parameters[::2], RATE, **settings)]
        if name == "Muon":  # torch's takes matrices alone
            optimizers.append(torch.optim.AdamW(parameters[1::2], RATE, fused=True))

        def step():
            for optimizer in optimizers:
                optimizer.step()

        return step, lambda: [parameter.detach().numpy() for parameter in parameters]


class Jax:
    """optax, jitted."""

    cases = {"Adam": ({"epsilon": TINY}, "adam", True), "Adagrad": ({}, "adam", False), "Lamb": ({}, "adam", False)}

    def stepping(self, other):
        import jax
        import optax

        optimizer = optax.adam(RATE, eps=TINY)
        gradients = [jax.numpy.asarray(gradient) for gradient in GRADIENTS]
        values = [jax.numpy.asarray(value) for value in VALUES]
        held = [values, optimizer.init(values)]

        @jax.jit
        def update(values, state, gradients):
            updates, state = optimizer.update(gradients, state)
            return optax.apply_updates(values, updates), state

        def step():
            held[:] = update(*held, gradients)
            held[0][-1].block_until_ready()

        return step, lambda: held[0]


class Tensorflow:
    """TensorFlow's kernels in a tf.function."""

    cases = {"Adam": ({"epsilon": TINY}, "adam", True), "Adagrad": ({}, "adam", False), "Lamb": ({}, "adam", False)}

    def stepping(self, other):
        import tensorflow as tf

        variables, first, second = ([tf.Variable(value) for value in VALUES] for _ in range(3))
        for slot in (*first, *second):
            slot.assign(tf.zeros_like(slot))
        gradients = [tf.constant(gradient) for gradient in GRADIENTS]
        steps = tf.Variable(0.0)

        @tf.function
        def step(*gradients):
            steps.assign_add(1.0)
            powers = {"beta1_power": tf.pow(0.9, steps), "beta2_power": tf.pow(0.999, steps)}
            for variable, m, v, gradient in zip(variables, first, second, gradients, strict=True):
                tf.raw_ops.ResourceApplyAdam(
                    var=variable.handle,
                    m=m.handle,
                    v=v.handle,
                    **powers,
                    lr=RATE,
                    beta1=0.9,
                    beta2=0.999,
                    epsilon=TINY,
                    grad=gradient,
                )

        return lambda: step(*gradients), lambda: [variable.numpy() for variable in variables]


if __name__ == "__main__":
    measure.main(
        "A step of an optimizer on 200 variables, time over the framework's own ((…): over its Adam)",
        "at most 1.1 where the maths is the framework's; calls at most 20 a variable",
        figure,
        measure.TRAINING_BACKENDS,
    )
