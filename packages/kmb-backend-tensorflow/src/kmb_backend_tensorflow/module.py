"""The native base of layers and models on TensorFlow."""

import tensorflow as tf


class TensorFlowModule(tf.__internal__.tracking.Trackable):
    """A trackable object."""
