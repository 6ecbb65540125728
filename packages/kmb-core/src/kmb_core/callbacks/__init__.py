"""What users call `keras.callbacks`; the classes stand beside the training loop that calls them."""

from kmb_core._lazy import lazy_names

_MODULES = {
    "backup_and_restore": "BackupAndRestore",
    "callback": "Callback",
    "callback_list": "CallbackList",
    "csv_logger": "CSVLogger",
    "early_stopping": "EarlyStopping",
    "history": "History",
    "lambda_callback": "LambdaCallback",
    "learning_rate_scheduler": "LearningRateScheduler",
    "model_checkpoint": "ModelCheckpoint",
    "orbax_checkpoint": "OrbaxCheckpoint",
    "progbar_logger": "ProgbarLogger",
    "reduce_lr_on_plateau": "ReduceLROnPlateau",
    "remote_monitor": "RemoteMonitor",
    "swap_ema_weights": "SwapEMAWeights",
    "tensor_board": "TensorBoard",
    "terminate_on_nan": "TerminateOnNaN",
}
_NAMES = {name: f"kmb_core.training.callbacks.{module}" for module, name in _MODULES.items()}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
