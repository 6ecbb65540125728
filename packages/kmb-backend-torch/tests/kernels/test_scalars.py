import torch

from kmb_backend_torch.kernels.scalars import host_scalars, increment, mean_update
from kmb_core.backend import Variable


def test_every_way_of_writing_to_a_variable_shows():
    variable = Variable(1, trainable=False)
    seen = [host_scalars(variable._value)]
    variable.assign(2)
    seen.append(host_scalars(variable._value))
    increment(variable._value)
    seen.append(host_scalars(variable._value))
    with torch.inference_mode():
        variable.assign_add(1)
    seen.append(host_scalars(variable._value))
    assert len(set(seen)) == 4
    assert int(variable) == 4


def test_a_mean_is_weighted_and_keeps_no_graph():
    total, count = torch.zeros(()), torch.zeros(())
    loss = torch.tensor(2.0, requires_grad=True) * 3
    mean_update(total, count, loss, 4)
    mean_update(total, count, torch.tensor(1.0, dtype=torch.bfloat16), 0.5)
    assert (total.item(), count.item()) == (24.5, 4.5)
    assert not total.requires_grad
