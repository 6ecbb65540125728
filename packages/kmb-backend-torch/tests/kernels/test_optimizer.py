import numpy as np
import pytest
import torch

from kmb_backend_torch.kernels.optimizer import adam_update, sgd_update

SHAPES = [(3, 4), (4,), (2, 2, 3, 5)]


def drawn(seed):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=shape) for shape in SHAPES]


def tensors(arrays, dtype=torch.float64):
    return [torch.from_numpy(a.copy()).to(dtype) for a in arrays]


def zeros():
    return [np.zeros(shape) for shape in SHAPES]


@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_twenty_adam_steps_are_the_written_out_formula(amsgrad, weight_decay):
    rate, b1, b2, epsilon = 0.05, 0.9, 0.98, 1e-3
    variables, first, second, largest = drawn(0), zeros(), zeros(), zeros()
    own, m, v, peak = tensors(variables), tensors(first), tensors(second), tensors(largest) if amsgrad else None
    for step in range(1, 21):
        gradients = drawn(step)
        alpha = rate * np.sqrt(1 - b2**step) / (1 - b1**step)
        for i, g in enumerate(gradients):
            variables[i] -= variables[i] * weight_decay * rate
            first[i] += (g - first[i]) * (1 - b1)
            second[i] += (g**2 - second[i]) * (1 - b2)
            largest[i] = np.maximum(largest[i], second[i])
            variables[i] -= alpha * first[i] / (np.sqrt(largest[i] if amsgrad else second[i]) + epsilon)
        adam_update(own, tensors(gradients), m, v, step, rate, b1, b2, epsilon, weight_decay, peak)
    for found, expected in zip(own, variables, strict=True):
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-10)


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
def test_twenty_steps_of_sgd_are_the_written_out_formula(momentum, nesterov):
    variables, velocities = drawn(0), zeros()
    own, v = tensors(variables), tensors(velocities) if momentum else None
    for step in range(1, 21):
        rate, gradients = 0.1 / step, drawn(step)
        for i, g in enumerate(gradients):
            velocities[i] = momentum * velocities[i] - rate * g
            variables[i] += momentum * velocities[i] - rate * g if nesterov else velocities[i]
        sgd_update(own, tensors(gradients), v, rate, momentum, nesterov)
    for found, expected in zip(own, variables, strict=True):
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-10)


def test_a_gradient_in_another_memory_order_reaches_the_right_elements():
    gradient = np.arange(12.0).reshape(3, 4) - 6
    own, m, v = (tensors([np.zeros((3, 4))]) for _ in range(3))
    turned = torch.from_numpy(np.ascontiguousarray(gradient.T)).T
    assert turned.stride() != own[0].stride()
    adam_update(own, [turned], m, v, 1, 1.0, 0.9, 0.999, 0.0)
    np.testing.assert_allclose(m[0].numpy(), gradient * 0.1)


def test_lists_of_mixed_dtypes_are_updated_each_in_its_own():
    own = [torch.ones(3), torch.ones(2, dtype=torch.float64)]
    m, v = ([torch.zeros_like(p) for p in own] for _ in range(2))
    adam_update(own, [torch.ones(3), torch.ones(2, dtype=torch.float64)], m, v, 1, 0.5, 0.9, 0.999, 1e-7)
    for parameter in own:
        np.testing.assert_allclose(parameter.numpy(), 0.5, rtol=1e-4)


def test_parameters_that_require_gradients_are_updated_in_place_and_stay_leaves():
    parameter = torch.nn.Parameter(torch.ones(3))
    sgd_update([parameter], [torch.ones(3)], None, 0.25)
    assert parameter.is_leaf
    assert parameter.tolist() == [0.75] * 3


def test_gradients_of_half_precision_update_a_float32_parameter():
    own, m, v = ([torch.zeros(3)] for _ in range(3))
    adam_update(own, [torch.ones(3, dtype=torch.bfloat16)], m, v, 1, 1.0, 0.9, 0.999, 0.0)
    np.testing.assert_allclose(own[0].numpy(), -1.0, rtol=1e-5)
