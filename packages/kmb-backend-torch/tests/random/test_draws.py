import numpy as np
import pytest
import torch
from scipy import stats

from kmb_backend_torch.random import draws


class Seed:
    """What a seed generator is to a backend."""

    def __init__(self, seed):
        self._seed = seed
        self.initial_seed = 99 if seed is None else seed
        self.framework_generator = None


N = (20_000,)
CASES = {
    "uniform": (lambda seed: draws.uniform(N, -1.0, 3.0, seed=seed), stats.uniform(-1, 4)),
    "uniform between tensors": (
        lambda seed: draws.uniform(N, torch.tensor(-1.0), torch.tensor(3.0), seed=seed),
        stats.uniform(-1, 4),
    ),
    "normal": (lambda seed: draws.normal(N, 2.0, 0.5, seed=seed), stats.norm(2, 0.5)),
    "truncated normal": (lambda seed: draws.truncated_normal(N, 1.0, 2.0, seed=seed), stats.truncnorm(-2, 2, 1, 2)),
    "gamma": (lambda seed: draws.gamma(N, 2.5, seed=seed), stats.gamma(2.5)),
    "beta": (lambda seed: draws.beta(N, 2.0, 0.7, seed=seed), stats.beta(2, 0.7)),
}


@pytest.mark.parametrize("name", CASES)
def test_draws_follow_their_distribution_and_an_integer_seed_repeats_them(name):
    draw, distribution = CASES[name]
    found = draw(7)
    assert found.dtype is torch.float32
    assert stats.kstest(found.numpy(), distribution.cdf).pvalue > 1e-3
    assert torch.equal(found, draw(7))
    assert not torch.equal(found, draw(8))


def test_whole_numbers_are_drawn_between_bounds_evenly():
    for bounds in ((3, 9), (torch.tensor(3), torch.tensor(9))):
        found = draws.randint(N, *bounds, seed=1)
        assert found.dtype is torch.int32
        counts = np.bincount(found.numpy(), minlength=9)[3:]
        assert len(counts) == 6
        assert stats.chisquare(counts).pvalue > 1e-3


def test_binomial_and_categorical_draws_have_the_right_frequencies():
    successes = draws.binomial(N, 10.0, 0.3, seed=1)
    assert abs(successes.mean().item() - 3) < 0.05
    logits = torch.log(torch.tensor([[0.2, 0.3, 0.5], [0.8, 0.1, 0.1]]))
    found = draws.categorical(logits, 20_000, seed=2)
    assert found.shape == (2, 20_000)
    frequencies = [np.bincount(row, minlength=3) / 20_000 for row in found.numpy()]
    np.testing.assert_allclose(frequencies, logits.exp().numpy(), atol=0.02)


def test_shuffling_keeps_the_slices_whole():
    x = torch.arange(12).reshape(4, 3)
    found = draws.shuffle(x, 0, seed=3)
    assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, x.tolist()))


def test_a_seed_generator_gives_a_sequence_that_another_with_its_seed_repeats():
    first, second = Seed(5), Seed(5)
    sequence = [draws.normal((3,), seed=first) for _ in range(3)]
    assert not torch.equal(sequence[0], sequence[1])
    for value in sequence:
        assert torch.equal(value, draws.normal((3,), seed=second))


def test_without_a_seed_the_global_generator_is_used():
    for seed in (None, Seed(None)):
        torch.manual_seed(0)
        found = draws.uniform((4,), seed=seed)
        torch.manual_seed(0)
        assert torch.equal(found, torch.empty(4).uniform_())


@pytest.mark.parametrize("seed", [None, 4])
def test_dropout_zeroes_a_share_and_keeps_the_mean(seed):
    torch.manual_seed(0)
    found = draws.dropout(torch.ones(200, 200), 0.25, seed=seed)
    assert found.unique().tolist() == pytest.approx([0, 4 / 3])
    assert abs((found == 0).float().mean().item() - 0.25) < 0.01


def test_dropout_with_a_noise_shape_drops_whole_rows_and_rate_one_drops_all():
    found = draws.dropout(torch.ones(50, 7), 0.5, (None, 1))
    assert all(len(set(row)) == 1 for row in found.tolist())
    assert draws.dropout(torch.ones(5), 1.0, seed=1).sum() == 0
