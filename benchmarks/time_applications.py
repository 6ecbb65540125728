"""Vision models: time to build them, inference and a training step, over the same maths in the framework's own calls.

`benchmarks/native_architectures.py` writes the models in each framework. Milliseconds and seconds are CPU time of one
core; compare them between the two libraries' columns, which ran one after the other.
"""

import gc
import statistics
import time

import measure
import native_architectures
import numpy as np

GENERATOR = np.random.default_rng(0)
BUILT = ("ResNet50", "EfficientNetB7", "NASNetLarge", "ConvNeXtXLarge")
INFERRED = ("ResNet50", "MobileNetV3Small", "EfficientNetB0")
IMAGES = GENERATOR.uniform(0, 255, (4, 224, 224, 3)).astype("float32")
SMALL = GENERATOR.uniform(0, 1, (8, 64, 64, 3)).astype("float32")
CLASSES = GENERATOR.integers(0, 10, len(SMALL)).astype("int32")
LEARNING_RATE, MOMENTUM, ROUNDS = 1e-3, 0.9, 7


def figure(library, backend):
    framework = getattr(native_architectures, backend.capitalize(), None)
    framework = framework and framework()
    figures = {f"build {name}, s": seconds_to_build(library, name) for name in BUILT}
    for name in INFERRED:
        figures |= inference(library, name, framework)
    if framework is not None:
        figures |= training(library, framework)
    return figures


def models(library):
    if library.__name__ == "keras":
        return library.applications
    from kmb_core import applications

    return applications


def seconds_to_build(library, name):
    """The lesser of two, as the first one also imports."""
    seconds = []
    for _ in range(2):
        library.utils.clear_session()
        gc.collect()
        start = time.process_time()
        try:
            model = getattr(models(library), name)(weights=None)
        except ValueError:  # Keras has no NASNet on torch
            return float("nan")
        seconds.append(time.process_time() - start)
        del model
    return min(seconds)


def inference(library, name, framework):
    """Milliseconds of `predict_on_batch` for an image, both data formats, and the ratio to native code."""
    found = {}
    for order in ("last", "first"):
        library.config.set_image_data_format(f"channels_{order}")
        x = IMAGES if order == "last" else np.ascontiguousarray(IMAGES.transpose(0, 3, 1, 2))
        label = f"{name} {order}"
        try:
            model = getattr(models(library), name)(weights=None, classifier_activation=None)
            ours = lambda model=model, x=x: model.predict_on_batch(x)  # noqa: E731
            ours()
        except Exception:  # what a library cannot do it cannot do fast
            found[f"{label}, ms"] = found[f"{label}/native"] = float("nan")
            continue
        finally:
            library.config.set_image_data_format("channels_last")
        if order == "first" or framework is None:
            milliseconds = [1e3 * measure._cpu_seconds(ours) for _ in range(ROUNDS)]
            found[f"{label}, ms"] = statistics.median(milliseconds) / len(x)
            continue
        native = framework.predictor(model)
        largest = np.abs(np.asarray(ours())).max()
        measure.refuse_if_different(np.asarray(ours()) / largest, native(x) / largest, 1e-3)
        times = measure.compare_times(ours, lambda native=native, x=x: native(x), ROUNDS)
        found[f"{label}, ms"] = times["ours, ms"] / len(x)
        found[f"{label}/native"] = times["ratio"]
    return found


def training(library, framework):
    """A step of SGD with momentum of ResNet50 on small images, over native code."""
    library.utils.clear_session()
    options = {"weights": None, "input_shape": SMALL.shape[1:], "classes": 10, "classifier_activation": None}
    model = models(library).ResNet50(**options)
    model.compile(
        library.optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM),
        library.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    native = framework.trainer(model, LEARNING_RATE, MOMENTUM)
    measure.refuse_if_different(model.train_on_batch(SMALL, CLASSES), native(SMALL, CLASSES), 1e-3)
    times = measure.compare_times(lambda: model.train_on_batch(SMALL, CLASSES), lambda: native(SMALL, CLASSES), ROUNDS)
    return {"train ResNet50 64×64, ms": times["ours, ms"], "train/native": times["ratio"]}


if __name__ == "__main__":
    aim = "build at most half of Keras's; inference as fast as Keras, 1.2 times on torch; over native at most 1.05"
    measure.main("Vision models", aim, figure)
