import threading

import pytest
import torch

from kmb_backend_torch.placement import DEFAULT, placement
from kmb_core import ops
from kmb_core.backend import device
from kmb_core.errors import CapabilityError


def test_what_is_made_inside_a_scope_is_placed_there():
    with device("meta"):
        assert ops.ones((2,)).device.type == "meta"
        with device("cpu:0"):
            assert ops.ones((2,)).device.type == "cpu"
        assert ops.zeros((2,)).device.type == "meta"
    assert ops.ones((2,)).device.type == DEFAULT.type


def test_the_scope_of_a_thread_is_its_own():
    seen = []
    with device("meta"):
        thread = threading.Thread(target=lambda: seen.append(placement.device))
        thread.start()
        thread.join()
    assert seen == [DEFAULT]


def test_an_unknown_device_is_refused_by_name():
    with pytest.raises(CapabilityError, match="'quantum:0'"):
        device("quantum:0")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_refused():
    with pytest.raises(CapabilityError, match="sees no GPU"):
        device("gpu:0")
