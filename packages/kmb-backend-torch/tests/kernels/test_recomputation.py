import torch

from kmb_backend_torch.kernels.recomputation import remat


def test_the_function_runs_again_in_the_backward_pass_and_gradients_are_the_same():
    runs = []

    def function(x):
        runs.append(1)
        return torch.sin(x) * x

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    remat(function)(x).sum().backward()
    assert len(runs) == 2
    torch.testing.assert_close(x.grad, torch.cos(x.detach()) * x.detach() + torch.sin(x.detach()))


def test_dropout_draws_the_same_mask_again():
    from kmb_backend_torch.random.draws import dropout

    x = torch.ones(1000, requires_grad=True)
    y = remat(lambda x: dropout(x, 0.5) ** 2 / 2)(x)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach() * 2)
