"""The base of optimizers: its variables, its refusals, its saved form and its cost."""

import warnings

import numpy as np
import pytest

import kmb_core
from kmb_core import ops, optimizers
from kmb_core.backend import StatelessScope, Variable, name_scope, reset_names, use_backend
from kmb_core.errors import ShapeError
from kmb_core.optimizers import schedules
from kmb_core.plugins import installed_backends


@pytest.fixture(autouse=True)
def fresh_names():
    reset_names()


def pair():
    with name_scope("dense"):
        return [
            Variable(np.ones((6, 4), dtype="float32"), name="kernel"),
            Variable(np.ones((4,), dtype="float32"), name="bias"),
        ]


def ones_like(variables):
    return [ops.ones(v.shape) for v in variables]


MOMENTS = ["kernel_momentum", "kernel_velocity", "bias_momentum", "bias_velocity"]
PATHS = {
    "SGD": [],
    "SGD momentum": ["kernel_momentum", "bias_momentum"],
    "Adam": MOMENTS,
    "Adam amsgrad": [*MOMENTS, "kernel_velocity_hat", "bias_velocity_hat"],
    "Adam ema": ["kernel_average", "bias_average", *MOMENTS],
    "RMSprop": [
        *("kernel_velocity", "bias_velocity", "kernel_momentum", "bias_momentum"),
        *("kernel_average_gradient", "bias_average_gradient"),
    ],
}
MAKE = {
    "SGD": lambda: optimizers.SGD(),
    "SGD momentum": lambda: optimizers.SGD(momentum=0.9),
    "Adam": lambda: optimizers.Adam(),
    "Adam amsgrad": lambda: optimizers.Adam(amsgrad=True),
    "Adam ema": lambda: optimizers.Adam(use_ema=True),
    "RMSprop": lambda: optimizers.RMSprop(momentum=0.9, centered=True),
}


@pytest.mark.parametrize("case", PATHS)
def test_variables_are_in_the_order_and_have_the_paths_that_keras_records(case):
    optimizer = MAKE[case]()
    optimizer.build(pair())
    name = optimizer.name
    expected = [f"{name}/iteration", f"{name}/learning_rate", *(f"{name}/dense_{path}" for path in PATHS[case])]
    assert [v.path for v in optimizer.variables] == expected
    assert not any(v.trainable for v in optimizer.variables)


def test_counter_and_rate_have_the_recorded_dtypes():
    optimizer = optimizers.Adam()
    assert [v.dtype for v in optimizer.variables] == ["int32", "float32"]


def test_a_schedule_takes_the_place_of_the_rate_variable():
    optimizer = optimizers.Adam(schedules.ExponentialDecay(0.1, 10, 0.5))
    assert [v.name for v in optimizer.variables] == ["iteration"]
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    with pytest.raises(TypeError, match="ExponentialDecay"):
        optimizer.learning_rate = 0.1


def test_a_rate_can_be_replaced_by_a_schedule_and_back_by_a_number():
    own = pair()
    optimizer = optimizers.SGD(0.5)
    optimizer.apply(ones_like(own), own)
    optimizer.learning_rate = lambda: 0.25
    assert len(optimizer.variables) == 1
    optimizer.apply(ones_like(own), own)
    np.testing.assert_allclose(own[1].numpy(), 0.25)
    optimizer.learning_rate = 0.125
    optimizer.apply(ones_like(own), own)
    np.testing.assert_allclose(own[1].numpy(), 0.125)
    assert [v.name for v in optimizer.variables] == ["iteration", "learning_rate"]


def test_a_variable_that_it_was_not_built_on_is_refused():
    own = pair()
    optimizer = optimizers.Adam()
    optimizer.build(own)
    with pytest.raises(ValueError, match="unknown variable other"):
        optimizer.apply([ops.ones((1,))], [Variable(np.ones(1), name="other")])


@pytest.mark.parametrize("make", [optimizers.SGD, optimizers.Adam])
def test_a_variable_given_twice_is_refused(make):
    own = pair()
    with pytest.raises(ValueError, match="listed twice"):
        make().build([own[0], own[0]])
    optimizer = make()
    optimizer.build(own)
    with pytest.raises(ValueError, match="listed twice"):
        optimizer.apply(ones_like([own[0], own[0]]), [own[0], own[0]])


def test_a_wrong_number_of_gradients_is_refused():
    own = pair()
    with pytest.raises(ValueError, match="1 gradients for 2 variables"):
        optimizers.SGD().apply([ops.ones((6, 4))], own)


def test_no_variables_known_is_refused():
    with pytest.raises(ValueError, match="not built"):
        optimizers.SGD().apply([ops.ones((1,))])


@pytest.mark.parametrize("make", [optimizers.SGD, optimizers.Adam])
def test_variables_without_a_gradient_are_passed_over_with_a_warning(make):
    own = pair()
    optimizer = make(0.5)
    optimizer.build(own)
    with pytest.warns(UserWarning, match="dense/kernel"):
        optimizer.apply([None, ops.ones((4,))], own)
    assert float(own[0][0, 0]) == 1.0
    assert float(own[1][0]) == pytest.approx(0.5, rel=1e-5)
    assert int(optimizer.iterations) == 1


def test_no_gradient_for_any_variable_is_an_error():
    own = pair()
    with pytest.raises(ValueError, match="no gradient"):
        optimizers.Adam().apply([None, None], own)


def test_gradients_may_be_given_for_some_variables_in_another_order():
    own = pair()
    optimizer = optimizers.Adam(0.1)
    optimizer.build(own)
    optimizer.apply([ops.ones((4,))], [own[1]])
    assert (float(own[0][0, 0]), round(float(own[1][0]), 4)) == (1.0, 0.9)


def test_pairs_of_gradient_and_variable():
    own = pair()
    optimizer = optimizers.SGD(0.5)
    counter = optimizer.apply_gradients(zip(ones_like(own), own, strict=True))
    assert int(counter) == 1
    with pytest.raises(ValueError, match="no pairs"):
        optimizer.apply_gradients([])


@pytest.mark.parametrize("make", [optimizers.SGD, optimizers.Adam])
def test_a_variable_may_take_its_gradient_as_value(make):
    own = pair()
    own[1].overwrite_with_gradient = True
    optimizer = make(0.5)
    optimizer.apply([ops.ones((6, 4)), ops.full((4,), 7.0)], own)
    np.testing.assert_allclose(own[1].numpy(), 7.0)
    np.testing.assert_allclose(own[0].numpy(), 0.5, rtol=1e-5)
    assert not any("bias" in v.path for v in optimizer.variables)


def test_arrays_are_taken_as_gradients():
    own = pair()
    optimizers.Adam(0.5).apply([np.ones((6, 4), dtype="float32"), np.ones((4,), dtype="float32")], own)
    np.testing.assert_allclose(own[0].numpy(), 0.5, rtol=1e-5)


WRONG = {
    "two clips": ({"clipnorm": 1.0, "clipvalue": 1.0}, "only one"),
    "negative clip": ({"clipnorm": -1.0}, "clipnorm"),
    "accumulation of one": ({"gradient_accumulation_steps": 1}, "gradient_accumulation_steps"),
    "ema": ({"use_ema": True, "ema_momentum": 2}, "ema_momentum"),
    "frequency": ({"use_ema": True, "ema_overwrite_frequency": 1.5}, "ema_overwrite_frequency"),
    "rate": ({"learning_rate": "fast"}, "learning_rate"),
    "unknown": ({"foo": 1}, "foo"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_settings_are_refused(case):
    settings, match = WRONG[case]
    with pytest.raises(ValueError, match=match):
        optimizers.Adam(**settings)


def test_sparing_variables_comes_before_building():
    optimizer = optimizers.AdamW()
    optimizer.build(pair())
    with pytest.raises(ValueError, match="too late"):
        optimizer.exclude_from_weight_decay(var_names=["bias"])


def test_the_config_is_the_recorded_one_and_makes_an_equal_optimizer():
    config = optimizers.Adam().get_config()
    assert config == {
        "name": "adam",
        "learning_rate": 0.0010000000474974513,
        "weight_decay": None,
        "clipnorm": None,
        "global_clipnorm": None,
        "clipvalue": None,
        "use_ema": False,
        "ema_momentum": 0.99,
        "ema_overwrite_frequency": None,
        "loss_scale_factor": None,
        "gradient_accumulation_steps": None,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-07,
        "amsgrad": False,
    }
    assert optimizers.Adam.from_config(config).get_config() == config
    assert optimizers.AdamW().name == "adam_w"


@pytest.mark.parametrize("case", MAKE)
def test_saved_forms_come_back(case):
    optimizer = MAKE[case]()
    saved = optimizers.serialize(optimizer)
    assert saved["module"] == "keras.optimizers"
    again = optimizers.deserialize(saved)
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()


def test_a_schedule_comes_back_with_its_optimizer():
    saved = optimizers.serialize(optimizers.SGD(schedules.CosineDecay(0.1, 10)))
    assert saved["config"]["learning_rate"]["module"] == "keras.optimizers.schedules"
    assert optimizers.deserialize(saved).get_config() == saved["config"]


def test_what_keras_writes_on_torch_is_read():
    saved = optimizers.serialize(optimizers.Adam(0.5))
    saved |= {"module": "keras.src.backend.torch.optimizers.torch_adam", "registered_name": "Adam"}
    assert type(optimizers.deserialize(saved)) is optimizers.Adam


def test_names_mean_optimizers():
    assert [type(optimizers.get(n)).__name__ for n in ("adam", "SGD", "adamw", "RMSprop")] == [
        "Adam",
        "SGD",
        "AdamW",
        "RMSprop",
    ]
    optimizer = optimizers.SGD()
    assert optimizers.get(optimizer) is optimizer
    with pytest.raises(ValueError, match="adamm"):
        optimizers.get("adamm")


def test_values_go_to_a_store_and_come_back():
    own, store = pair(), {}
    optimizer = optimizers.Adam(0.1)
    optimizer.apply(ones_like(own), own)
    optimizer.save_own_variables(store)
    assert list(store) == ["0", "1", "2", "3", "4", "5"]
    other = optimizers.Adam(0.3)
    other.build(pair())
    other.load_own_variables(store)
    assert int(other.iterations) == 1
    for a, b in zip(optimizer.variables, other.variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy())


def test_a_store_of_another_optimizer_is_left_alone_with_a_warning():
    optimizer, store = optimizers.Adam(), {}
    optimizer.build(pair())
    optimizer.save_own_variables(store)
    with pytest.warns(UserWarning, match="not loaded"):
        optimizers.SGD().load_own_variables(store)


def test_set_weights_checks_number_and_shapes():
    optimizer = optimizers.SGD()
    with pytest.raises(ValueError, match="built"):
        optimizer.set_weights([])
    optimizer.build(pair())
    with pytest.raises(ShapeError, match="2 variables, but 1"):
        optimizer.set_weights([np.zeros(())])
    with pytest.raises(ShapeError, match="iteration"):
        optimizer.set_weights([np.zeros((2,)), np.zeros(())])
    optimizer.set_weights([np.array(5), np.array(0.25)])
    assert (int(optimizer.iterations), float(optimizer.learning_rate)) == (5, 0.25)


def test_stateless_apply_needs_a_built_optimizer_and_all_values():
    with pytest.raises(ValueError, match="built"):
        optimizers.SGD().stateless_apply([], [], [])
    optimizer, own = optimizers.SGD(), pair()
    optimizer.build(own)
    with pytest.raises(ValueError, match="2 optimizer variables, but 0 values"):
        optimizer.stateless_apply([], ones_like(own), [v.value for v in own])


def test_an_optimizer_moves_to_the_backend_of_the_variables():
    others = [name for name in installed_backends() if name != kmb_core.config.backend()]
    optimizer = optimizers.SGD(0.5)
    for other in others[:1]:
        with use_backend(other):
            own = pair()
        optimizer.build(own)
        assert optimizer.iterations._backend is own[0]._backend
        assert float(optimizer.learning_rate) == 0.5
    assert optimizer.built or not others


def test_an_optimizer_of_ones_own_needs_only_update_step():
    class Signed(optimizers.Optimizer):
        def update_step(self, gradient, variable, learning_rate):
            self.assign_sub(variable, ops.multiply(ops.sign(gradient), learning_rate))

    own = pair()
    Signed(0.25).apply(ones_like(own), own)
    np.testing.assert_allclose(own[0].numpy(), 0.75)


def test_inside_a_stateless_scope_nothing_is_written():
    own = pair()
    optimizer = optimizers.Adam(0.1)
    optimizer.build(own)
    with StatelessScope() as scope:
        optimizer.apply(ones_like(own), own)
    assert float(own[0][0, 0]) == 1.0
    assert int(optimizer.iterations) == 0
    assert int(ops.convert_to_numpy(scope.get_current_value(optimizer.iterations))) == 1


def test_nothing_warns_in_an_ordinary_step():
    own = pair()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizers.Adam().apply(ones_like(own), own)


def test_a_step_through_the_kernel_makes_few_calls_beside_it(calls_of):
    own = [Variable(np.ones((3, 3), dtype="float32"), name=f"v{i}") for i in range(6)]
    gradients = ones_like(own)
    optimizer = optimizers.Adam(0.001)
    optimizer.build(own)
    kernels = optimizer._backend.kernels
    if "host_scalars" in kernels:
        arguments = [
            [v._value for v in own],
            gradients,
            *([v._value for v in optimizer.variables[i::2]] for i in (2, 3)),
        ]
        kernel = calls_of(lambda: kernels["adam_update"](*arguments, 1, 0.001, 0.9, 0.999, 1e-7, 0.0, None))
        assert calls_of(lambda: optimizer.apply(gradients, own)) <= kernel + 25
    else:
        assert optimizer._fused in (None, False) or "adam_update" in kernels
