from concurrent.futures import ThreadPoolExecutor

import pytest

from kmb_core.random import global_seed


@pytest.fixture(autouse=True)
def _no_seed():
    yield
    global_seed.set_global_seed(None)


def keys(count):
    return [tuple(global_seed.fresh_key().tolist()) for _ in range(count)]


def test_without_a_seed_keys_come_from_entropy():
    global_seed.set_global_seed(None)
    assert len(set(keys(100))) == 100


def test_with_a_seed_the_sequence_starts_anew():
    global_seed.set_global_seed(5)
    first = keys(3)
    global_seed.set_global_seed(5)
    assert keys(3) == first
    global_seed.set_global_seed(6)
    assert not set(keys(3)) & set(first)
    assert global_seed.global_seed() == 6


def test_threads_never_get_the_same_key():
    global_seed.set_global_seed(1)
    with ThreadPoolExecutor(8) as pool:
        found = [key for part in pool.map(keys, [200] * 8) for key in part]
    assert len(set(found)) == 1600


def test_a_fresh_seed_fits_a_signed_integer():
    assert all(0 <= global_seed.fresh_seed() < 2**31 for _ in range(50))
