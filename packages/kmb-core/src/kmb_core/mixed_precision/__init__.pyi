from kmb_core.dtype_policies import DTypePolicy as DTypePolicy
from kmb_core.optimizers import LossScaleOptimizer as LossScaleOptimizer
from kmb_core.dtype_policies import DTypePolicy as _Policy
from kmb_core.dtype_policies import current_policy as _dtype_policy
from kmb_core.dtype_policies import current_policy as _global_policy
from kmb_core.dtype_policies import set_current_policy as _set_dtype_policy
from kmb_core.dtype_policies import set_current_policy as _set_global_policy

Policy = _Policy
dtype_policy = _dtype_policy
global_policy = _global_policy
set_dtype_policy = _set_dtype_policy
set_global_policy = _set_global_policy
