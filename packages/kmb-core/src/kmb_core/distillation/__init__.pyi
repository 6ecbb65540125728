from kmb_core.distillation.losses import DistillationLoss as DistillationLoss
from kmb_core.distillation.distiller import Distiller as Distiller
from kmb_core.distillation.losses import FeatureDistillation as FeatureDistillation
from kmb_core.distillation.losses import LogitsDistillation as LogitsDistillation
