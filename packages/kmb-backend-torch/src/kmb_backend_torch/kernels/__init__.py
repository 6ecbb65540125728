"""Optional accelerations that the core asks for by name."""

from collections.abc import Callable, Mapping
from typing import Any

from kmb_backend_torch.kernels.optimizer import adam_update, sgd_update
from kmb_backend_torch.kernels.recomputation import remat

KERNELS: Mapping[str, Callable[..., Any]] = {
    "adam_update": adam_update,
    "sgd_update": sgd_update,
    "remat": remat,
}
