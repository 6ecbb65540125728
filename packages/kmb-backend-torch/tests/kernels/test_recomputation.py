import pytest
import torch

from kmb_backend_torch.kernels.recomputation import remat
from kmb_backend_torch.random.draws import dropout
from kmb_core.random import SeedGenerator


def test_the_function_runs_again_in_the_backward_pass_and_gradients_are_the_same():
    runs = []

    def function(x):
        runs.append(1)
        return torch.sin(x) * x

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    remat(function)(x).sum().backward()
    assert len(runs) == 2
    torch.testing.assert_close(x.grad, torch.cos(x.detach()) * x.detach() + torch.sin(x.detach()))


@pytest.mark.parametrize("seed", [None, 3, "generator"])
def test_dropout_draws_the_same_mask_again(seed):
    seed = SeedGenerator(5) if seed == "generator" else seed
    x = torch.ones(1000, requires_grad=True)
    inner = remat(lambda x: dropout(x, 0.5, seed=seed) ** 2 / 2)
    y = remat(lambda x: inner(dropout(x, 0.1, seed=seed)))(x)
    y.sum().backward()
    assert torch.allclose(x.grad, y.detach() * 2)


def test_after_the_backward_pass_the_sequence_of_draws_goes_on():
    expected, seed = SeedGenerator(5), SeedGenerator(5)
    masks = [dropout(torch.ones(50), 0.5, seed=expected) for _ in range(2)]
    x = torch.ones(50, requires_grad=True)
    first = remat(lambda x: dropout(x, 0.5, seed=seed))(x)
    first.sum().backward()
    assert torch.equal(first, masks[0])
    assert torch.equal(dropout(torch.ones(50), 0.5, seed=seed), masks[1])
