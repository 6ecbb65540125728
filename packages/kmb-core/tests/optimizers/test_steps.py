"""Twenty steps of each optimizer, with each setting, against loops in float64 NumPy."""

import numpy as np
import pytest

from kmb_core import ops, optimizers
from kmb_core.backend import Variable, convert_to_numpy
from kmb_core.optimizers import schedules

generator = np.random.default_rng(3)
START = [generator.normal(size=(3, 2)), generator.normal(size=(2,)), generator.normal(size=())]
BATCHES = [[generator.normal(size=v.shape) for v in START] for _ in range(20)]


def variables():
    return [Variable(v.astype("float32"), name=f"v{i}") for i, v in enumerate(START)]


def trained(optimizer):
    own = variables()
    for gradients in BATCHES:
        optimizer.apply([ops.convert_to_tensor(g.astype("float32")) for g in gradients], own)
    return own


def trained_without_state(optimizer):
    own = variables()
    optimizer.build(own)
    values, state = [v.value for v in own], [v.value for v in optimizer.variables]
    for gradients in BATCHES:
        tensors = [ops.convert_to_tensor(g.astype("float32")) for g in gradients]
        values, state = optimizer.stateless_apply(state, tensors, values)
    for variable, start in zip(own, START, strict=True):
        np.testing.assert_allclose(variable.numpy(), start.astype("float32"))  # nothing was written
    return values


def sgd_rule(gradient, value, state, step, rate, momentum=0.0, nesterov=False):
    if not momentum:
        return value - rate * gradient
    velocity = state["v"] = momentum * state.get("v", 0.0) - rate * gradient
    return value + (momentum * velocity - rate * gradient if nesterov else velocity)


def adam_rule(gradient, value, state, step, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False):
    first = state["m"] = beta_1 * state.get("m", 0.0) + (1 - beta_1) * gradient
    second = state["v"] = beta_2 * state.get("v", 0.0) + (1 - beta_2) * gradient**2
    if amsgrad:
        second = state["max"] = np.maximum(state.get("max", 0.0), second)
    alpha = rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
    return value - alpha * first / (np.sqrt(second) + epsilon)


def rmsprop_rule(gradient, value, state, step, rate, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    squares = state["v"] = rho * state.get("v", 0.0) + (1 - rho) * gradient**2
    if centered:
        mean = state["g"] = rho * state.get("g", 0.0) + (1 - rho) * gradient
        squares = squares - mean**2
    change = rate * gradient / np.sqrt(squares + epsilon)
    if momentum:
        change = state["m"] = momentum * state.get("m", 0.0) + change
    return value - change


def adagrad_rule(gradient, value, state, step, rate, start=0.1, epsilon=1e-7):
    squares = state["s"] = state.get("s", start) + gradient**2
    return value - rate * gradient / np.sqrt(squares + epsilon)


def adadelta_rule(gradient, value, state, step, rate, rho=0.95, epsilon=1e-7):
    squares = state["g"] = rho * state.get("g", 0.0) + (1 - rho) * gradient**2
    change = np.sqrt(state.get("d", 0.0) + epsilon) / np.sqrt(squares + epsilon) * gradient
    state["d"] = rho * state.get("d", 0.0) + (1 - rho) * change**2
    return value - rate * change


def adamax_rule(gradient, value, state, step, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    mean = state["m"] = beta_1 * state.get("m", 0.0) + (1 - beta_1) * gradient
    norm = state["u"] = np.maximum(beta_2 * state.get("u", 0.0), np.abs(gradient))
    return value - rate / (1 - beta_1**step) * mean / (norm + epsilon)


def nadam_rule(gradient, value, state, step, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    now, later = (beta_1 * (1 - 0.5 * 0.96**t) for t in (step, step + 1))
    product = state["p"] = state.get("p", 1.0) * now
    mean = state["m"] = beta_1 * state.get("m", 0.0) + (1 - beta_1) * gradient
    squares = state["v"] = beta_2 * state.get("v", 0.0) + (1 - beta_2) * gradient**2
    ahead = later * mean / (1 - product * later) + (1 - now) * gradient / (1 - product)
    return value - rate * ahead / (np.sqrt(squares / (1 - beta_2**step)) + epsilon)


def lamb_rule(gradient, value, state, step, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    mean = state["m"] = beta_1 * state.get("m", 0.0) + (1 - beta_1) * gradient
    squares = state["v"] = beta_2 * state.get("v", 0.0) + (1 - beta_2) * gradient**2
    direction = mean / (1 - beta_1**step) / (np.sqrt(squares / (1 - beta_2**step)) + epsilon)
    return value - rate * direction * np.linalg.norm(value) / np.linalg.norm(direction)


def lion_rule(gradient, value, state, step, rate, beta_1=0.9, beta_2=0.99):
    mean = state.get("m", 0.0)
    state["m"] = beta_2 * mean + (1 - beta_2) * gradient
    return value - rate * np.sign(beta_1 * mean + (1 - beta_1) * gradient)


def ftrl_rule(gradient, value, state, step, rate, l1=0.0, l2=0.0):
    before = state.get("n", 0.1)
    after = state["n"] = before + gradient**2
    linear = state["z"] = state.get("z", 0.0) + gradient - (np.sqrt(after) - np.sqrt(before)) / rate * value
    return np.where(np.abs(linear) > l1, (np.sign(linear) * l1 - linear) / (np.sqrt(after) / rate + 2 * l2), 0.0)


def adafactor_rule(gradient, value, state, step, rate):
    keep, size = 1 - step**-0.8, max(np.sqrt(np.mean(value**2)), 1e-3)
    squares = gradient**2 + 1e-30
    if np.ndim(value) == 2:
        rows = state["r"] = keep * state.get("r", 0.0) + (1 - keep) * squares.mean(1)
        columns = state["c"] = keep * state.get("c", 0.0) + (1 - keep) * squares.mean(0)
        second = np.outer(rows / rows.mean(), columns)
    else:
        second = state["v"] = keep * state.get("v", 0.0) + (1 - keep) * squares
    scaled = gradient / np.sqrt(second)
    scaled = scaled / max(1.0, np.sqrt(np.mean(scaled**2)))
    return value - min(rate, 1 / np.sqrt(step)) * size * scaled


def schedule_free_rule(gradient, value, state, step, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    fast, average = state.get("z", START_OF.get(value.shape)), state.get("x", START_OF.get(value.shape))
    squares = state["v"] = beta_2 * state.get("v", 0.0) + (1 - beta_2) * gradient**2
    fast = state["z"] = fast - rate * gradient / (np.sqrt(squares / (1 - beta_2**step)) + epsilon)
    average = state["x"] = average + (fast - average) / step
    return (1 - beta_1) * fast + beta_1 * average


START_OF = {v.shape: v for v in START}


def clipped(gradients, clipnorm=None, clipvalue=None, global_clipnorm=None):
    if clipnorm:
        return [g * clipnorm / max(np.linalg.norm(g), clipnorm) for g in gradients]
    if clipvalue:
        return [np.clip(g, -clipvalue, clipvalue) for g in gradients]
    if global_clipnorm:
        length = np.sqrt(sum((g**2).sum() for g in gradients))
        return [g * global_clipnorm / max(length, global_clipnorm) for g in gradients]
    return gradients


def expectation(
    rule, values, batches, rate, weight_decay=0.0, accumulate=1, ema=None, overwrite=None, clip=None, **settings
):
    """The values, and their moving averages, after all batches of gradients; `rate` may be a function of the step."""
    values = [np.array(v, dtype="float64") for v in values]
    states = [{} for _ in values]
    averages, sums, step = [np.zeros_like(v) for v in values], [np.zeros_like(v) for v in values], 0
    for index, gradients in enumerate(batches):
        sums = [s + g for s, g in zip(sums, gradients, strict=True)]
        if (index + 1) % accumulate:
            continue
        gradients = clipped([s / accumulate for s in sums], **(clip or {}))
        sums = [np.zeros_like(v) for v in values]
        now = rate(step) if callable(rate) else rate
        step += 1
        values = [v - v * weight_decay * now for v in values]
        values = [rule(g, v, s, step, now, **settings) for g, v, s in zip(gradients, values, states, strict=True)]
        if ema is not None:
            averages = [
                v.copy() if step == 1 else ema * a + (1 - ema) * v for a, v in zip(averages, values, strict=True)
            ]
            if overwrite and step % overwrite == 0:
                values = [a.copy() for a in averages]
    return values, averages


CASES = {
    "sgd": (lambda **k: optimizers.SGD(0.1, **k), sgd_rule, {}),
    "momentum": (lambda **k: optimizers.SGD(0.1, momentum=0.9, **k), sgd_rule, {"momentum": 0.9}),
    "nesterov": (
        lambda **k: optimizers.SGD(0.1, momentum=0.9, nesterov=True, **k),
        sgd_rule,
        {"momentum": 0.9, "nesterov": True},
    ),
    "adam": (lambda **k: optimizers.Adam(0.1, **k), adam_rule, {}),
    "other betas": (
        lambda **k: optimizers.Adam(0.1, beta_1=0.5, beta_2=0.9, epsilon=1e-3, **k),
        adam_rule,
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
    ),
    "no first moment": (lambda **k: optimizers.Adam(0.1, beta_1=0.0, **k), adam_rule, {"beta_1": 0.0}),
    "amsgrad": (lambda **k: optimizers.Adam(0.1, amsgrad=True, **k), adam_rule, {"amsgrad": True}),
    "adagrad": (lambda **k: optimizers.Adagrad(0.1, **k), adagrad_rule, {}),
    "adadelta": (lambda **k: optimizers.Adadelta(0.1, **k), adadelta_rule, {}),
    "adamax": (lambda **k: optimizers.Adamax(0.1, **k), adamax_rule, {}),
    "nadam": (lambda **k: optimizers.Nadam(0.1, **k), nadam_rule, {}),
    "lamb": (lambda **k: optimizers.Lamb(0.1, **k), lamb_rule, {}),
    "lion": (lambda **k: optimizers.Lion(0.1, **k), lion_rule, {}),
    "ftrl": (lambda **k: optimizers.Ftrl(0.1, **k), ftrl_rule, {}),
    "ftrl with penalties": (
        lambda **k: optimizers.Ftrl(0.1, l1_regularization_strength=0.5, l2_regularization_strength=0.2, **k),
        ftrl_rule,
        {"l1": 0.5, "l2": 0.2},
    ),
    "adafactor": (lambda **k: optimizers.Adafactor(0.1, **k), adafactor_rule, {}),
    "schedule free": (lambda **k: optimizers.ScheduleFreeAdamW(0.1, **k), schedule_free_rule, {}),
    "rmsprop": (lambda **k: optimizers.RMSprop(0.01, **k), rmsprop_rule, {}),
    "centered": (
        lambda **k: optimizers.RMSprop(0.01, momentum=0.9, centered=True, **k),
        rmsprop_rule,
        {"momentum": 0.9, "centered": True},
    ),
}


def rate_of(case):
    return 0.01 if case in ("rmsprop", "centered") else 0.1


def close(actual, expected):
    for a, e in zip(actual, expected, strict=True):
        a = a.numpy() if isinstance(a, Variable) else convert_to_numpy(a)
        np.testing.assert_allclose(a, e, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("case", CASES)
def test_the_maths(case):
    make, rule, settings = CASES[case]
    expected, _ = expectation(rule, START, BATCHES, rate_of(case), **settings)
    close(trained(make()), expected)
    close(trained_without_state(make()), expected)


SETTINGS = {
    "weight decay": ({"weight_decay": 0.05}, {"weight_decay": 0.05}),
    "clipnorm": ({"clipnorm": 0.7}, {"clip": {"clipnorm": 0.7}}),
    "clipvalue": ({"clipvalue": 0.4}, {"clip": {"clipvalue": 0.4}}),
    "global clipnorm": ({"global_clipnorm": 0.7}, {"clip": {"global_clipnorm": 0.7}}),
    "accumulation": ({"gradient_accumulation_steps": 4}, {"accumulate": 4}),
    "accumulation that does not end": ({"gradient_accumulation_steps": 3}, {"accumulate": 3}),
    "averages": ({"use_ema": True, "ema_momentum": 0.8}, {"ema": 0.8}),
    "averages that overwrite": (
        {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
        {"ema": 0.8, "overwrite": 3},
    ),
    "all together": (
        {"weight_decay": 0.05, "clipnorm": 0.7, "gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.8},
        {"weight_decay": 0.05, "clip": {"clipnorm": 0.7}, "accumulate": 2, "ema": 0.8},
    ),
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("case", ["nesterov", "amsgrad", "adam"])
def test_every_setting_goes_with_the_maths(case, setting):
    make, rule, own = CASES[case]
    given, meant = SETTINGS[setting]
    expected, averages = expectation(rule, START, BATCHES, rate_of(case), **own, **meant)
    optimizer = make(**given)
    found = trained(optimizer)
    close(found, expected)
    close(trained_without_state(make(**given)), expected)
    if given.get("use_ema"):
        optimizer.finalize_variable_values(found)
        close(found, averages)


def test_adamw_decays_by_default():
    expected, _ = expectation(adam_rule, START, BATCHES, 0.1, weight_decay=0.004)
    close(trained(optimizers.AdamW(0.1)), expected)


@pytest.mark.parametrize("make", [optimizers.SGD, optimizers.Adam])
def test_variables_can_be_spared_from_decay(make):
    rule = sgd_rule if make is optimizers.SGD else adam_rule
    decayed, _ = expectation(rule, START, BATCHES, 0.1, weight_decay=0.05)
    spared, _ = expectation(rule, START, BATCHES, 0.1)
    optimizer = make(0.1, weight_decay=0.05)
    optimizer.exclude_from_weight_decay(var_names=["v1"])
    close(trained(optimizer), [decayed[0], spared[1], decayed[2]])


@pytest.mark.parametrize("make", [optimizers.SGD, optimizers.Adam])
def test_a_schedule_gives_the_rate_of_each_step(make):
    rule = sgd_rule if make is optimizers.SGD else adam_rule
    expected, _ = expectation(rule, START, BATCHES, lambda step: 0.1 * 0.5 ** (step / 5))
    close(trained(make(schedules.ExponentialDecay(0.1, 5, 0.5))), expected)
    close(trained_without_state(make(schedules.ExponentialDecay(0.1, 5, 0.5))), expected)


def test_a_function_gives_the_rate_too():
    rates = iter(np.linspace(0.1, 0.2, 20).tolist())
    table = np.linspace(0.1, 0.2, 20)
    expected, _ = expectation(sgd_rule, START, BATCHES, lambda step: table[step])
    close(trained(optimizers.SGD(lambda: next(rates))), expected)


def test_a_loss_scale_factor_multiplies_the_loss_and_divides_gradients():
    optimizer = optimizers.SGD(0.1, loss_scale_factor=4.0)
    assert float(optimizer.scale_loss(ops.convert_to_tensor(2.0))) == 8.0
    expected, _ = expectation(sgd_rule, START, [[g / 4 for g in b] for b in BATCHES], 0.1)
    close(trained(optimizer), expected)


def test_a_constraint_holds_after_each_step():
    variable = Variable(np.array([1.0, 1.0], dtype="float32"))
    variable.constraint = lambda value: ops.maximum(value, 0.0)
    optimizer = optimizers.Adam(0.4)
    for _ in range(5):
        optimizer.apply([ops.convert_to_tensor(np.array([1.0, -1.0], dtype="float32"))], [variable])
    np.testing.assert_allclose(variable.numpy(), [0.0, 3.0], atol=1e-5)


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_variables_of_other_dtypes_keep_theirs(dtype):
    if dtype == "float64" and Variable(np.ones(1), dtype=dtype).numpy().dtype != np.float64:
        pytest.xfail("this framework narrows float64 unless told otherwise")
    variable = Variable(np.ones((2,)), dtype=dtype, name="v")
    optimizer = optimizers.Adam(0.1)
    optimizer.apply([ops.ones((2,), dtype=dtype)], [variable])
    assert variable.dtype == dtype
    np.testing.assert_allclose(variable.numpy().astype("float64"), [0.9, 0.9], rtol=1e-2)


def test_values_that_are_set_between_steps_are_heeded():
    """Counters and rates may be mirrored on the host: setting the variables must reach the next step."""
    own = variables()[:1]
    optimizer = optimizers.Adam(0.1)
    gradient = [ops.convert_to_tensor(BATCHES[0][0].astype("float32"))]
    optimizer.apply(gradient, own)
    before = own[0].numpy()
    optimizer.learning_rate = 0.0
    optimizer.apply(gradient, own)
    np.testing.assert_allclose(own[0].numpy(), before)
    optimizer.learning_rate.assign(0.3)
    optimizer.iterations.assign(0)
    for slot in optimizer.variables[2:]:
        slot.assign(np.zeros(slot.shape))
    optimizer.apply(gradient, own)
    np.testing.assert_allclose(own[0].numpy(), before - 0.3 * np.sign(BATCHES[0][0]), rtol=1e-4)
    assert int(optimizer.iterations) == 1
