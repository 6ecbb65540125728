"""Optional accelerations that the core asks for by name."""

from collections.abc import Callable, Mapping
from typing import Any

from kmb_backend_torch.kernels.images import image_blur, image_resize
from kmb_backend_torch.kernels.optimizer import adam_update, sgd_update
from kmb_backend_torch.kernels.optimizer_family import (
    adadelta_update,
    adagrad_update,
    adamax_update,
    ftrl_update,
    lamb_update,
    lion_update,
    nadam_update,
    rmsprop_update,
    schedule_free_update,
)
from kmb_backend_torch.kernels.optimizer_matrices import adafactor_update, muon_update
from kmb_backend_torch.kernels.optimizer_settings import average_update, clip_gradients, decay_update
from kmb_backend_torch.kernels.profiling import peak_memory, start_profile
from kmb_backend_torch.kernels.random_state import (
    generator_states,
    random_state,
    set_generator_states,
    set_random_state,
)
from kmb_backend_torch.kernels.recomputation import remat
from kmb_backend_torch.kernels.scalars import host_scalars, increment, mean_update, sum_update

KERNELS: Mapping[str, Callable[..., Any]] = {
    "adadelta_update": adadelta_update,
    "adafactor_update": adafactor_update,
    "adagrad_update": adagrad_update,
    "adam_update": adam_update,
    "adamax_update": adamax_update,
    "average_update": average_update,
    "clip_gradients": clip_gradients,
    "decay_update": decay_update,
    "ftrl_update": ftrl_update,
    "generator_states": generator_states,
    "image_blur": image_blur,
    "image_resize": image_resize,
    "lamb_update": lamb_update,
    "lion_update": lion_update,
    "muon_update": muon_update,
    "nadam_update": nadam_update,
    "random_state": random_state,
    "rmsprop_update": rmsprop_update,
    "schedule_free_update": schedule_free_update,
    "set_generator_states": set_generator_states,
    "set_random_state": set_random_state,
    "sgd_update": sgd_update,
    "peak_memory": peak_memory,
    "start_profile": start_profile,
    "remat": remat,
    "host_scalars": host_scalars,
    "increment": increment,
    "mean_update": mean_update,
    "sum_update": sum_update,
}
