"""Muon: momentum made orthogonal, for the matrices inside a network; AdamW for all else.

The nearest orthogonal matrix is approached by a quintic Newton-Schulz iteration, which needs matrix products alone.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from kmb_core.backend import Variable
from kmb_core.ops.arithmetic import add, multiply, square, subtract, true_divide
from kmb_core.ops.creation import cast
from kmb_core.ops.functions import sqrt
from kmb_core.ops.manipulation import swapaxes
from kmb_core.ops.norms import norm
from kmb_core.ops.products import matmul
from kmb_core.optimizers.adam_kin import moved, to_the
from kmb_core.optimizers.optimizer import Optimizer
from kmb_core.serialization import saved_as


@saved_as("keras.optimizers")
class Muon(Optimizer):
    """Steps along the orthogonal part of a momentum; along Adam's direction for vectors, embeddings and exceptions.

    Args:
        learning_rate: see `Optimizer`.
        adam_beta_1, adam_beta_2, epsilon: Adam's, for the variables that it steps.
        adam_weight_decay: weight decay of these variables.
        weight_decay: of all others; see `Optimizer`.
        exclude_layers: regular expressions; variables whose paths hold one are Adam's.
        exclude_embeddings: whether those with "embedding" in their paths are Adam's.
        muon_a, muon_b, muon_c: coefficients of the iteration.
        adam_lr_ratio: Adam's learning rate over the other.
        momentum: how slowly the momentum moves.
        ns_steps: how many iterations.
        nesterov: whether the gradient is looked at again from where the momentum leads.
        rms_rate: root mean square of a step over the learning rate, like Adam's; None for the original's scale.
        clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor,
            gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: for wrong settings.

    See Jordan, Muon: an optimizer for hidden layers in neural networks, 2024; Liu et al., Muon is scalable for LLM
    training, 2025.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([[1.0, 0.0], [0.0, 1.0]])
        >>> kmb_core.optimizers.Muon(0.1, weight_decay=None).apply([kmb_core.ops.ones((2, 2))], [v])
        >>> bool(v[0, 0] < 1.0)
        True
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **kwargs,
        )
        self.exclude_layers = list(exclude_layers or [])
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def _is_adams(self, variable: Variable) -> bool:
        """Whether a variable is stepped by Adam."""
        if len(variable.shape) not in (2, 3) or (self.exclude_embeddings and "embedding" in variable.path.lower()):
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make the momentum of each variable, and the second moment of those that are Adam's."""
        if self.built:
            return
        super().build(var_list)
        self._adams = {id(v) for v in var_list if self._is_adams(v)}
        self._momentums: list[Any] = []
        self._velocities: list[Any] = []
        for variable in var_list:
            names = ("momentum", "velocity") if id(variable) in self._adams else ("momentum",)
            made = [kept[0] for kept in self.add_optimizer_variables([variable], names)]
            self._momentums.append(made[0])
            self._velocities.append(made[1] if len(made) > 1 else None)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._adams = {id(v) for v in self._trainable_variables if self._is_adams(v)}

    def _decay(self, variables: list[Variable], learning_rate: Any) -> None:
        for variable in variables:
            decay = self.adam_weight_decay if id(variable) in self._adams else self.weight_decay
            if decay is not None and (self._undecayed is None or not self._undecayed(variable)):
                factor = multiply(cast(learning_rate, variable._dtype), decay)
                self.assign_sub(variable, multiply(variable.value, factor))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable along its gradient."""
        dtype = variable._dtype
        gradient, rate = cast(gradient, dtype), cast(learning_rate, dtype)
        if id(variable) in self._adams:
            self._adam_step(gradient, variable, multiply(rate, self.adam_lr_ratio))
            return
        held = self._momentums[self._position(variable)]
        mean = add(multiply(held.value, self.momentum), gradient)
        self.assign(held, mean)
        direction = add(gradient, multiply(mean, self.momentum)) if self.nesterov else mean
        self.assign_sub(variable, multiply(self.lr_adjust(self._orthogonal(direction)), rate))

    def _adam_step(self, gradient: Any, variable: Variable, rate: Any) -> None:
        position = self._position(variable)
        step = cast(add(self._steps_made(), 1), variable._dtype)
        mean = moved(self, self._momentums[position], gradient, self.adam_beta_1)
        squares = moved(self, self._velocities[position], square(gradient), self.adam_beta_2)
        root = sqrt(subtract(1.0, to_the(self.adam_beta_2, step)))
        alpha = true_divide(multiply(rate, root), subtract(1.0, to_the(self.adam_beta_1, step)))
        self.assign_sub(variable, true_divide(multiply(mean, alpha), add(sqrt(squares), self.epsilon)))

    def _orthogonal(self, direction: Any) -> Any:
        return self.zeropower_via_newtonschulz5(direction, self.ns_steps)

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """The orthogonal matrix nearest to x, about: its singular values come out between 0.7 and 1.2.

        Args:
            x: `(..., rows, columns)`.
            steps: how many iterations.
        """
        tall = x.shape[-2] > x.shape[-1]
        x = self.transpose_last_axis(x) if tall else x
        x = true_divide(x, add(norm(x, axis=(-2, -1), keepdims=True), self.epsilon))
        for _ in range(steps):
            gram = matmul(x, self.transpose_last_axis(x))
            mixed = add(multiply(gram, self.muon_b), multiply(matmul(gram, gram), self.muon_c))
            x = add(multiply(x, self.muon_a), matmul(mixed, x))
        return self.transpose_last_axis(x) if tall else x

    def transpose_last_axis(self, X: Any) -> Any:
        """The matrices transposed."""
        return swapaxes(X, -2, -1)

    def lr_adjust(self, x: Any) -> Any:
        """A step, scaled to the size that `rms_rate` asks for."""
        rows, columns = x.shape[-2], x.shape[-1]
        if self.rms_rate is None:
            return multiply(x, max(1.0, rows / columns) ** 0.5)
        return multiply(x, self.rms_rate * max(rows, columns) ** 0.5)

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        kernel, adam = kernels.get("muon_update"), kernels.get("adam_update")
        if kernel is None or adam is None:
            return None
        variables, momentums, velocities = self._trainable_variables, self._momentums, self._velocities
        matrices = [i for i, variable in enumerate(variables) if id(variable) not in self._adams]
        others = [i for i, variable in enumerate(variables) if id(variable) in self._adams]
        settings = {
            "momentum": self.momentum,
            "nesterov": self.nesterov,
            "steps": self.ns_steps,
            "coefficients": (self.muon_a, self.muon_b, self.muon_c),
            "epsilon": self.epsilon,
            "rms_rate": self.rms_rate,
        }
        adams = (self.adam_beta_1, self.adam_beta_2, self.epsilon)

        def update(gradients: Any, step: Any, learning_rate: Any) -> None:
            if matrices:
                chosen = (_storages_at(variables, matrices), [gradients[i] for i in matrices])
                kernel(*chosen, _storages_at(momentums, matrices), step, learning_rate, **settings)
            if others:
                chosen = (_storages_at(variables, others), [gradients[i] for i in others])
                slots = (_storages_at(momentums, others), _storages_at(velocities, others))
                adam(*chosen, *slots, step, learning_rate * self.adam_lr_ratio, *adams)

        return update

    def _separate_decays(self, kernels: Any) -> list[tuple[list[Variable], float]]:
        decays: list[tuple[list[Variable], float]] = []
        for adams, decay in ((True, self.adam_weight_decay), (False, self.weight_decay)):
            own = [v for v in self._trainable_variables if (id(v) in self._adams) is adams]
            own = [v for v in own if self._undecayed is None or not self._undecayed(v)]
            decays += [(own, decay)] if own and decay else []
        return decays

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        own = {
            "adam_beta_1": self.adam_beta_1,
            "adam_beta_2": self.adam_beta_2,
            "epsilon": self.epsilon,
            "exclude_layers": self.exclude_layers,
            "muon_a": self.muon_a,
            "muon_b": self.muon_b,
            "muon_c": self.muon_c,
            "adam_lr_ratio": self.adam_lr_ratio,
            "momentum": self.momentum,
            "ns_steps": self.ns_steps,
            "nesterov": self.nesterov,
            "exclude_embeddings": self.exclude_embeddings,
            "adam_weight_decay": self.adam_weight_decay,
            "rms_rate": self.rms_rate,
        }
        return super().get_config() | own


def _storages_at(variables: Sequence[Any], chosen: Sequence[int]) -> list[Any]:
    return [variables[i]._value for i in chosen]
