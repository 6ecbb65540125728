"""Optional accelerations that the core asks for by name."""

from collections.abc import Callable, Mapping
from typing import Any

from kmb_backend_torch.kernels.images import image_blur, image_resize
from kmb_backend_torch.kernels.optimizer import adam_update, sgd_update
from kmb_backend_torch.kernels.recomputation import remat
from kmb_backend_torch.kernels.scalars import host_scalars, increment, mean_update, sum_update

KERNELS: Mapping[str, Callable[..., Any]] = {
    "adam_update": adam_update,
    "image_blur": image_blur,
    "image_resize": image_resize,
    "sgd_update": sgd_update,
    "remat": remat,
    "host_scalars": host_scalars,
    "increment": increment,
    "mean_update": mean_update,
    "sum_update": sum_update,
}
