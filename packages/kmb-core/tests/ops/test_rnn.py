"""Recurrence: the conformance rows hold values and gradients; here is what a layer leans on beside them."""

import numpy as np
import pytest

from kmb_core import KerasTensor, ops
from kmb_core.backend import SymbolicScope, current_backend
from kmb_core.errors import ShapeError
from kmb_core.ops.rnn import gru, lstm, rnn, simple_rnn
from kmb_core.plugins import Capability

GENERATOR = np.random.default_rng(0)
INPUTS = GENERATOR.normal(size=(2, 5, 3)).astype("float32")
H, C = (GENERATOR.normal(size=(2, 4)).astype("float32") for _ in range(2))
MASK = np.array([[1, 0, 1, 1, 0], [0, 0, 1, 0, 1]], bool)


def numpy(x):
    return ops.convert_to_numpy(x)


def tensors(*arrays):
    return [ops.convert_to_tensor(x) for x in arrays]


def weights(gates, bias_rows=None):
    wide = 4 * gates
    shape = (wide,) if bias_rows is None else (bias_rows, wide)
    return [GENERATOR.normal(size=s).astype("float32") / 2 for s in ((3, wide), (4, wide), shape)]


def added(x, states):
    return states[0] + x, [states[0] + x]


def total(x, mask=None, **settings):
    return rnn(added, *tensors(x), tensors(np.zeros_like(x[:, 0])), mask, **settings)


def test_a_state_runs_through_all_steps():
    last, outputs, (state,) = total(INPUTS)
    np.testing.assert_allclose(numpy(outputs), INPUTS.cumsum(1), rtol=1e-5)
    np.testing.assert_allclose(numpy(last), INPUTS.sum(1), rtol=1e-5)
    np.testing.assert_allclose(numpy(state), INPUTS.sum(1), rtol=1e-5)


def test_time_may_run_backwards_and_come_first():
    _, outputs, _ = total(INPUTS, go_backwards=True)
    np.testing.assert_allclose(numpy(outputs), INPUTS[:, ::-1].cumsum(1), rtol=1e-5)
    x = ops.convert_to_tensor(INPUTS.swapaxes(0, 1))
    _, outputs, _ = rnn(added, x, tensors(np.zeros((2, 3), "float32")), time_major=True)
    np.testing.assert_allclose(numpy(outputs), INPUTS.swapaxes(0, 1).cumsum(0), rtol=1e-5)


def test_masked_steps_repeat_the_output_or_give_zeros():
    (mask,) = tensors(MASK)
    wanted = (INPUTS * MASK[..., None]).cumsum(1)
    last, outputs, (state,) = total(INPUTS, mask)
    np.testing.assert_allclose(numpy(outputs), wanted, rtol=1e-5, atol=1e-6)
    last, outputs, (state,) = total(INPUTS, mask, zero_output_for_mask=True)
    np.testing.assert_allclose(numpy(outputs), wanted * MASK[..., None], rtol=1e-5, atol=1e-6)
    assert not numpy(last)[0].any()
    np.testing.assert_allclose(numpy(state), wanted[:, -1], rtol=1e-5, atol=1e-6)


def test_inputs_states_and_outputs_may_be_nested():
    def step(x, states):
        new = {"sum": states["sum"] + x[0] * x[1]}
        return (new["sum"], x[1]), new

    x, y, start = tensors(INPUTS, INPUTS + 1, np.zeros((2, 3), "float32"))
    (last, _), (outputs, second), states = rnn(step, (x, y), {"sum": start})
    np.testing.assert_allclose(numpy(outputs), (INPUTS * (INPUTS + 1)).cumsum(1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(numpy(second), INPUTS + 1)
    np.testing.assert_allclose(numpy(states["sum"]), numpy(last))


def test_a_step_may_give_its_states_as_a_tuple():
    _, _, states = rnn(lambda x, s: (x, (x,)), *tensors(INPUTS), tensors(INPUTS[:, 0]))
    assert isinstance(states, list)
    np.testing.assert_allclose(numpy(states[0]), INPUTS[:, -1])


def test_what_is_not_kept_has_one_step():
    last, outputs, _ = total(INPUTS, return_all_outputs=False)
    assert numpy(outputs).shape == (2, 1, 3)
    np.testing.assert_allclose(numpy(outputs)[:, 0], numpy(last))


def test_a_compiled_loop_gives_the_same():
    if not current_backend().supports(Capability.JIT):
        return
    compiled = current_backend().implementation.compiled(
        lambda x, h, mask: rnn(added, x, [h], mask, go_backwards=True)[1]
    )
    x, h, mask = tensors(INPUTS, INPUTS[:, 0], MASK)
    wanted = rnn(added, x, [h], mask, go_backwards=True)[1]
    np.testing.assert_allclose(numpy(compiled(x, h, mask)), numpy(wanted), rtol=1e-5, atol=1e-6)


CELLS = [(simple_rnn, 1, 1, None), (lstm, 4, 2, None), (gru, 3, 1, 2)]


def called(op, gates, states, rows, mask=None, **settings):
    return op(*tensors(INPUTS, *(H, C)[:states], *weights(gates, rows)), mask, **settings)


@pytest.mark.parametrize(("op", "gates", "states", "rows"), CELLS)
def test_a_mask_of_ones_changes_nothing(op, gates, states, rows):
    arguments = tensors(INPUTS, *(H, C)[:states], *weights(gates, rows))
    for with_mask, without in zip(op(*arguments, *tensors(np.ones_like(MASK))), op(*arguments), strict=True):
        np.testing.assert_allclose(numpy(with_mask), numpy(without), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("op", "gates", "states", "rows"), CELLS)
def test_what_is_masked_is_as_if_it_were_not_there(op, gates, states, rows):
    w = tensors(*weights(gates, rows))
    start = (H, C)[:states]
    masked = op(*tensors(INPUTS, *start), *w, *tensors(MASK))
    for i, keep in enumerate(MASK):
        short = op(*tensors(INPUTS[i : i + 1, keep], *(s[i : i + 1] for s in start)), *w)
        np.testing.assert_allclose(numpy(masked[1])[i, keep], numpy(short[1])[0], rtol=1e-5, atol=1e-6)
        for state, alone in zip(masked[2:], short[2:], strict=True):
            np.testing.assert_allclose(numpy(state)[i], numpy(alone)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("op", "gates", "states", "rows"), CELLS)
def test_a_sample_that_is_masked_throughout_keeps_its_state(op, gates, states, rows):
    mask = np.stack([np.zeros(5, bool), np.ones(5, bool)])
    last, outputs, *final = called(op, gates, states, rows, *tensors(mask))
    assert not numpy(outputs)[0].any()
    assert not numpy(last)[0].any()
    for state, start in zip(final, (H, C), strict=False):
        np.testing.assert_allclose(numpy(state)[0], start[0])


@pytest.mark.parametrize(("op", "gates", "states", "rows"), CELLS)
def test_shapes_that_do_not_fit_are_refused(op, gates, states, rows):
    kernel, recurrent, bias = weights(gates, rows)
    start = (H, C)[:states]
    wrong = [
        (INPUTS[0], *start, kernel, recurrent, bias),
        (INPUTS[:, :0], *start, kernel, recurrent, bias),
        (INPUTS, *(s[:1] for s in start), kernel, recurrent, bias),
        (INPUTS, *start, kernel[:2], recurrent, bias),
        (INPUTS, *start, kernel, recurrent[:3], bias),
        (INPUTS, *start, kernel, recurrent, bias[..., :-1]),
        (INPUTS, *start, kernel, recurrent, bias, MASK[:, :-1]),
    ]
    for arguments in wrong:
        with pytest.raises(ShapeError, match=f"ops.{op.__name__}"):
            op(*arguments)
        with pytest.raises(ShapeError, match=f"ops.{op.__name__}"):
            op(*(KerasTensor(x.shape, str(x.dtype)) for x in arguments))


def test_a_loop_refuses_no_steps_and_masks_of_another_shape():
    with pytest.raises(ShapeError, match="rnn"):
        rnn(added, *tensors(INPUTS[:, :0]), tensors(INPUTS[:, 0]))
    with pytest.raises(ShapeError, match="rnn"):
        total(INPUTS, *tensors(MASK[:, :-1]))
    with pytest.raises(ShapeError, match="rnn"):
        total(INPUTS, *tensors(MASK[:1]))


def test_unknown_sizes_stay_unknown():
    x, h = KerasTensor((None, None, 3)), KerasTensor((None, 4))
    kernel, recurrent, bias = (KerasTensor(w.shape) for w in weights(4))
    last, outputs, *states = lstm(x, h, h, kernel, recurrent, bias)
    assert [y.shape for y in (last, outputs, *states)] == [(None, 4), (None, None, 4), (None, 4), (None, 4)]
    with SymbolicScope():
        last, outputs, _ = rnn(added, x, [KerasTensor((None, 3))], return_all_outputs=False)
    assert (last.shape, outputs.shape) == ((None, 3), (None, 1, 3))
