"""The layers, by name: each module is imported when one of its names is used."""

from kmb_core._lazy import lazy_names
from kmb_core.serialization.registry import provide

_MODULES = {
    "identifiers": "deserialize serialize",
    "input_layer": "Input InputLayer",
    "input_spec": "InputSpec",
    "layer": "Layer",
    "core.activation": "Activation",
    "core.dense": "Dense",
    "core.einsum_dense": "EinsumDense",
    "core.embedding": "Embedding",
    "core.identity": "Identity",
    "core.lambda_layer": "Lambda",
    "core.masking": "Masking",
    "core.reversible_embedding": "ReversibleEmbedding",
    "core.wrapper": "Wrapper",
    "convolution.conv1d": "Conv1D Convolution1D",
    "convolution.conv2d": "Conv2D Convolution2D",
    "convolution.conv3d": "Conv3D Convolution3D",
    "convolution.conv1d_transpose": "Conv1DTranspose Convolution1DTranspose",
    "convolution.conv2d_transpose": "Conv2DTranspose Convolution2DTranspose",
    "convolution.conv3d_transpose": "Conv3DTranspose Convolution3DTranspose",
    "convolution.depthwise_conv1d": "DepthwiseConv1D",
    "convolution.depthwise_conv2d": "DepthwiseConv2D",
    "convolution.separable_conv1d": "SeparableConv1D SeparableConvolution1D",
    "convolution.separable_conv2d": "SeparableConv2D SeparableConvolution2D",
    "attention.additive_attention": "AdditiveAttention",
    "attention.attention": "Attention",
    "attention.grouped_query_attention": "GroupQueryAttention",
    "attention.multi_head_attention": "MultiHeadAttention",
    "pooling.max_pooling": "MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D",
    "pooling.average_pooling": "AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D",
    "pooling.global_max_pooling": (
        "GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D"
    ),
    "pooling.global_average_pooling": (
        "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D "
        "GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D"
    ),
    "pooling.adaptive_average_pooling": "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D",
    "pooling.adaptive_max_pooling": "AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D",
    "normalization.batch_normalization": "BatchNormalization",
    "normalization.group_normalization": "GroupNormalization",
    "normalization.layer_normalization": "LayerNormalization",
    "normalization.rms_normalization": "RMSNormalization",
    "normalization.spectral_normalization": "SpectralNormalization",
    "normalization.unit_normalization": "UnitNormalization",
    "regularization.activity_regularization": "ActivityRegularization",
    "regularization.alpha_dropout": "AlphaDropout",
    "regularization.dropout": "Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D",
    "regularization.noise": "GaussianDropout GaussianNoise",
    "reshaping.flatten": "Flatten",
    "reshaping.cropping": "Cropping1D Cropping2D Cropping3D",
    "reshaping.up_sampling": "UpSampling1D UpSampling2D UpSampling3D",
    "reshaping.zero_padding": "ZeroPadding1D ZeroPadding2D ZeroPadding3D",
    "reshaping.permute": "Permute",
    "reshaping.repeat_vector": "RepeatVector",
    "reshaping.reshape": "Reshape",
    "merging.concatenate": "Concatenate concatenate",
    "merging.dot": "Dot dot",
    "merging.elementwise": (
        "Add Average Maximum Minimum Multiply Subtract add average maximum minimum multiply subtract"
    ),
    "rnn.simple_rnn_cell": "SimpleRNNCell",
    "rnn.simple_rnn": "SimpleRNN",
    "rnn.lstm_cell": "LSTMCell",
    "rnn.lstm": "LSTM",
    "rnn.gru_cell": "GRUCell",
    "rnn.gru": "GRU",
    "rnn.stacked_rnn_cells": "StackedRNNCells",
    "rnn.rnn": "RNN",
    "rnn.conv_lstm1d": "ConvLSTM1D",
    "rnn.conv_lstm2d": "ConvLSTM2D",
    "rnn.conv_lstm3d": "ConvLSTM3D",
    "rnn.bidirectional": "Bidirectional",
    "rnn.time_distributed": "TimeDistributed",
    "preprocessing.rescaling": "Rescaling",
    "activation.elu": "ELU",
    "activation.leaky_relu": "LeakyReLU",
    "activation.prelu": "PReLU",
    "activation.relu": "ReLU",
    "activation.softmax": "Softmax",
}
_NAMES = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names.split()}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)

provide("keras.layers", __getattr__)
