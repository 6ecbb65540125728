"""Callbacks: what a user hooks into the training loop. One file each."""

from kmb_core.training.callbacks.backup_and_restore import BackupAndRestore
from kmb_core.training.callbacks.callback import Callback
from kmb_core.training.callbacks.callback_list import CallbackList
from kmb_core.training.callbacks.csv_logger import CSVLogger
from kmb_core.training.callbacks.early_stopping import EarlyStopping
from kmb_core.training.callbacks.history import History
from kmb_core.training.callbacks.lambda_callback import LambdaCallback
from kmb_core.training.callbacks.learning_rate_scheduler import LearningRateScheduler
from kmb_core.training.callbacks.model_checkpoint import ModelCheckpoint
from kmb_core.training.callbacks.progbar_logger import ProgbarLogger
from kmb_core.training.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from kmb_core.training.callbacks.remote_monitor import RemoteMonitor
from kmb_core.training.callbacks.swap_ema_weights import SwapEMAWeights
from kmb_core.training.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "Callback",
    "CallbackList",
    "CSVLogger",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TerminateOnNaN",
]
