"""Devices of several processes: torch has one for each, and `torch.distributed` joins them."""

import atexit
from typing import Any

import torch
from torch import distributed

from kmb_backend_torch.placement import DEFAULT
from kmb_core.distribution import DataParallel
from kmb_core.errors import CapabilityError, message


def list_devices(kind: str | None) -> list[str]:
    """One device for each process; before they are joined, those of this machine."""
    kind = kind or ("gpu" if DEFAULT.type == "cuda" else DEFAULT.type)
    here = torch.cuda.device_count() if kind == "gpu" else int(kind == "cpu")
    count = process_index_and_count()[1] if here and distributed.is_initialized() else here
    return [f"{kind}:{index}" for index in range(count)]


def initialize_distribution(address: str | None, processes: int | None, index: int | None) -> None:
    """Join the processes of a job; without arguments as torchrun says."""
    if DEFAULT.type == "cuda":
        torch.cuda.set_device(int(distributed.get_node_local_rank(0)))
    where = "env://" if address is None else f"tcp://{address}"
    engine = "nccl" if DEFAULT.type == "cuda" else "gloo"
    distributed.init_process_group(
        engine, init_method=where, world_size=processes or -1, rank=-1 if index is None else index
    )
    atexit.register(_leave)


def _leave() -> None:
    """Close the connections while torch still can: left to the end of a process they may abort it."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def process_index_and_count() -> tuple[int, int]:
    """Which process this is, and how many there are."""
    if not distributed.is_initialized():
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def check_distribution(wanted: Any) -> None:
    """Refuse everything but one replica of the model in each process."""
    if not isinstance(wanted, DataParallel):
        what = f"set_distribution: the torch backend does not train under {type(wanted).__name__}"
        cause = "Weights are not split over processes; each holds all of them."
        raise CapabilityError(message(what, cause, "Use DataParallel, or the jax backend."))
    names = [str(name) for name in wanted.device_mesh.devices.flatten()]
    known = list_devices(names[0].partition(":")[0])
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(message(f"set_distribution: there is no device {unknown[0]!r}; torch has {known}"))
    processes = process_index_and_count()[1]
    if wanted.num_model_replicas != processes:
        what = f"set_distribution: {wanted.num_model_replicas} devices for {processes} processes of torch"
        cause = "On torch each process trains on one device."
        remedy = "Start it with torchrun --nproc-per-node N, and call kmb_core.distribution.initialize() first."
        raise CapabilityError(message(what, cause, remedy))


def agreed_number(number: int) -> int:
    """The number below 2**64 that the first process gives."""
    if process_index_and_count()[1] == 1:
        return number
    agreed = torch.tensor(number - 2**63, dtype=torch.int64, device=DEFAULT)
    distributed.broadcast(agreed, 0)
    return int(agreed) + 2**63
