from kmb_core.ops import linalg as linalg
from kmb_core.ops import nn as nn
from kmb_core.ops import numpy as numpy
from kmb_core.ops.arithmetic import abs as abs
from kmb_core.ops.arithmetic import absolute as absolute
from kmb_core.ops.arithmetic import add as add
from kmb_core.ops.arithmetic import ceil as ceil
from kmb_core.ops.arithmetic import clip as clip
from kmb_core.ops.arithmetic import divide as divide
from kmb_core.ops.arithmetic import floor as floor
from kmb_core.ops.arithmetic import floor_divide as floor_divide
from kmb_core.ops.arithmetic import maximum as maximum
from kmb_core.ops.arithmetic import minimum as minimum
from kmb_core.ops.arithmetic import mod as mod
from kmb_core.ops.arithmetic import multiply as multiply
from kmb_core.ops.arithmetic import negative as negative
from kmb_core.ops.arithmetic import power as power
from kmb_core.ops.arithmetic import reciprocal as reciprocal
from kmb_core.ops.arithmetic import round as round
from kmb_core.ops.arithmetic import sign as sign
from kmb_core.ops.arithmetic import square as square
from kmb_core.ops.arithmetic import subtract as subtract
from kmb_core.ops.arithmetic import true_divide as true_divide
from kmb_core.ops.arithmetic import trunc as trunc
from kmb_core.ops.bits import bitwise_and as bitwise_and
from kmb_core.ops.bits import bitwise_invert as bitwise_invert
from kmb_core.ops.bits import bitwise_left_shift as bitwise_left_shift
from kmb_core.ops.bits import bitwise_not as bitwise_not
from kmb_core.ops.bits import bitwise_or as bitwise_or
from kmb_core.ops.bits import bitwise_right_shift as bitwise_right_shift
from kmb_core.ops.bits import bitwise_xor as bitwise_xor
from kmb_core.ops.bits import gcd as gcd
from kmb_core.ops.bits import lcm as lcm
from kmb_core.ops.bits import left_shift as left_shift
from kmb_core.ops.bits import right_shift as right_shift
from kmb_core.ops.bits import view as view
from kmb_core.ops.comparison import equal as equal
from kmb_core.ops.comparison import greater as greater
from kmb_core.ops.comparison import greater_equal as greater_equal
from kmb_core.ops.comparison import isclose as isclose
from kmb_core.ops.comparison import isfinite as isfinite
from kmb_core.ops.comparison import isinf as isinf
from kmb_core.ops.comparison import isnan as isnan
from kmb_core.ops.comparison import less as less
from kmb_core.ops.comparison import less_equal as less_equal
from kmb_core.ops.comparison import logical_and as logical_and
from kmb_core.ops.comparison import logical_not as logical_not
from kmb_core.ops.comparison import logical_or as logical_or
from kmb_core.ops.comparison import logical_xor as logical_xor
from kmb_core.ops.comparison import nan_to_num as nan_to_num
from kmb_core.ops.comparison import not_equal as not_equal
from kmb_core.ops.comparison import where as where
from kmb_core.ops.complex_numbers import angle as angle
from kmb_core.ops.complex_numbers import conj as conj
from kmb_core.ops.complex_numbers import conjugate as conjugate
from kmb_core.ops.complex_numbers import imag as imag
from kmb_core.ops.complex_numbers import isreal as isreal
from kmb_core.ops.complex_numbers import real as real
from kmb_core.ops.copies import (
    array as array,
)
from kmb_core.ops.copies import (
    copy as copy,
)
from kmb_core.ops.copies import (
    empty_like as empty_like,
)
from kmb_core.ops.copies import (
    ndim as ndim,
)
from kmb_core.ops.copies import (
    size as size,
)
from kmb_core.ops.creation import arange as arange
from kmb_core.ops.creation import cast as cast
from kmb_core.ops.creation import convert_to_tensor as convert_to_tensor
from kmb_core.ops.creation import empty as empty
from kmb_core.ops.creation import eye as eye
from kmb_core.ops.creation import full as full
from kmb_core.ops.creation import full_like as full_like
from kmb_core.ops.creation import identity as identity
from kmb_core.ops.creation import linspace as linspace
from kmb_core.ops.creation import ones as ones
from kmb_core.ops.creation import ones_like as ones_like
from kmb_core.ops.creation import stop_gradient as stop_gradient
from kmb_core.ops.creation import tri as tri
from kmb_core.ops.creation import tril as tril
from kmb_core.ops.creation import triu as triu
from kmb_core.ops.creation import zeros as zeros
from kmb_core.ops.creation import zeros_like as zeros_like
from kmb_core.ops.differences import (
    allclose as allclose,
)
from kmb_core.ops.differences import (
    correlate as correlate,
)
from kmb_core.ops.differences import (
    diff as diff,
)
from kmb_core.ops.differences import (
    ptp as ptp,
)
from kmb_core.ops.differences import (
    trapezoid as trapezoid,
)
from kmb_core.ops.floats import isneginf as isneginf
from kmb_core.ops.floats import isposinf as isposinf
from kmb_core.ops.floats import ldexp as ldexp
from kmb_core.ops.floats import nextafter as nextafter
from kmb_core.ops.floats import signbit as signbit
from kmb_core.ops.functions import arccos as arccos
from kmb_core.ops.functions import arccosh as arccosh
from kmb_core.ops.functions import arcsin as arcsin
from kmb_core.ops.functions import arcsinh as arcsinh
from kmb_core.ops.functions import arctan as arctan
from kmb_core.ops.functions import arctan2 as arctan2
from kmb_core.ops.functions import arctanh as arctanh
from kmb_core.ops.functions import cos as cos
from kmb_core.ops.functions import cosh as cosh
from kmb_core.ops.functions import erf as erf
from kmb_core.ops.functions import erfinv as erfinv
from kmb_core.ops.functions import exp as exp
from kmb_core.ops.functions import expm1 as expm1
from kmb_core.ops.functions import log as log
from kmb_core.ops.functions import log1p as log1p
from kmb_core.ops.functions import log2 as log2
from kmb_core.ops.functions import log10 as log10
from kmb_core.ops.functions import logaddexp as logaddexp
from kmb_core.ops.functions import rsqrt as rsqrt
from kmb_core.ops.functions import sin as sin
from kmb_core.ops.functions import sinh as sinh
from kmb_core.ops.functions import sqrt as sqrt
from kmb_core.ops.functions import tan as tan
from kmb_core.ops.functions import tanh as tanh
from kmb_core.ops.grids import (
    geomspace as geomspace,
)
from kmb_core.ops.grids import (
    logspace as logspace,
)
from kmb_core.ops.grids import (
    meshgrid as meshgrid,
)
from kmb_core.ops.grids import (
    unravel_index as unravel_index,
)
from kmb_core.ops.guarded import divide_no_nan as divide_no_nan
from kmb_core.ops.guarded import fabs as fabs
from kmb_core.ops.guarded import fmax as fmax
from kmb_core.ops.guarded import fmin as fmin
from kmb_core.ops.guarded import fmod as fmod
from kmb_core.ops.guarded import heaviside as heaviside
from kmb_core.ops.indexing import get_item as get_item
from kmb_core.ops.indexing import scatter_update as scatter_update
from kmb_core.ops.indexing import slice as slice
from kmb_core.ops.indexing import slice_update as slice_update
from kmb_core.ops.indexing import take as take
from kmb_core.ops.indexing import take_along_axis as take_along_axis
from kmb_core.ops.linalg import dot as dot
from kmb_core.ops.linalg import einsum as einsum
from kmb_core.ops.linalg import inner as inner
from kmb_core.ops.linalg import matmul as matmul
from kmb_core.ops.linalg import norm as norm
from kmb_core.ops.linalg import outer as outer
from kmb_core.ops.linalg import tensordot as tensordot
from kmb_core.ops.linalg import trace as trace
from kmb_core.ops.linalg import vdot as vdot
from kmb_core.ops.manipulation import broadcast_to as broadcast_to
from kmb_core.ops.manipulation import concatenate as concatenate
from kmb_core.ops.manipulation import expand_dims as expand_dims
from kmb_core.ops.manipulation import flip as flip
from kmb_core.ops.manipulation import moveaxis as moveaxis
from kmb_core.ops.manipulation import pad as pad
from kmb_core.ops.manipulation import ravel as ravel
from kmb_core.ops.manipulation import repeat as repeat
from kmb_core.ops.manipulation import reshape as reshape
from kmb_core.ops.manipulation import roll as roll
from kmb_core.ops.manipulation import split as split
from kmb_core.ops.manipulation import squeeze as squeeze
from kmb_core.ops.manipulation import stack as stack
from kmb_core.ops.manipulation import swapaxes as swapaxes
from kmb_core.ops.manipulation import tile as tile
from kmb_core.ops.manipulation import transpose as transpose
from kmb_core.ops.manipulation import unstack as unstack
from kmb_core.ops.matrices import (
    corrcoef as corrcoef,
)
from kmb_core.ops.matrices import (
    cross as cross,
)
from kmb_core.ops.matrices import (
    diag as diag,
)
from kmb_core.ops.matrices import (
    diagflat as diagflat,
)
from kmb_core.ops.matrices import (
    diagonal as diagonal,
)
from kmb_core.ops.matrices import (
    fliplr as fliplr,
)
from kmb_core.ops.matrices import (
    flipud as flipud,
)
from kmb_core.ops.matrices import (
    kron as kron,
)
from kmb_core.ops.matrices import (
    rot90 as rot90,
)
from kmb_core.ops.matrices import (
    slogdet as slogdet,
)
from kmb_core.ops.matrices import (
    vander as vander,
)
from kmb_core.ops.nan_reduction import (
    nanargmax as nanargmax,
)
from kmb_core.ops.nan_reduction import (
    nanargmin as nanargmin,
)
from kmb_core.ops.nan_reduction import (
    nancumprod as nancumprod,
)
from kmb_core.ops.nan_reduction import (
    nancumsum as nancumsum,
)
from kmb_core.ops.nan_reduction import (
    nanmax as nanmax,
)
from kmb_core.ops.nan_reduction import (
    nanmean as nanmean,
)
from kmb_core.ops.nan_reduction import (
    nanmin as nanmin,
)
from kmb_core.ops.nan_reduction import (
    nanprod as nanprod,
)
from kmb_core.ops.nan_reduction import (
    nanstd as nanstd,
)
from kmb_core.ops.nan_reduction import (
    nansum as nansum,
)
from kmb_core.ops.nan_reduction import (
    nanvar as nanvar,
)
from kmb_core.ops.nn.activations import celu as celu
from kmb_core.ops.nn.activations import elu as elu
from kmb_core.ops.nn.activations import gelu as gelu
from kmb_core.ops.nn.activations import glu as glu
from kmb_core.ops.nn.activations import hard_shrink as hard_shrink
from kmb_core.ops.nn.activations import hard_sigmoid as hard_sigmoid
from kmb_core.ops.nn.activations import hard_silu as hard_silu
from kmb_core.ops.nn.activations import hard_tanh as hard_tanh
from kmb_core.ops.nn.activations import leaky_relu as leaky_relu
from kmb_core.ops.nn.activations import log_sigmoid as log_sigmoid
from kmb_core.ops.nn.activations import log_softmax as log_softmax
from kmb_core.ops.nn.activations import relu as relu
from kmb_core.ops.nn.activations import relu6 as relu6
from kmb_core.ops.nn.activations import selu as selu
from kmb_core.ops.nn.activations import sigmoid as sigmoid
from kmb_core.ops.nn.activations import silu as silu
from kmb_core.ops.nn.activations import soft_shrink as soft_shrink
from kmb_core.ops.nn.activations import softmax as softmax
from kmb_core.ops.nn.activations import softplus as softplus
from kmb_core.ops.nn.activations import softsign as softsign
from kmb_core.ops.nn.activations import sparse_plus as sparse_plus
from kmb_core.ops.nn.activations import sparse_sigmoid as sparse_sigmoid
from kmb_core.ops.nn.activations import sparsemax as sparsemax
from kmb_core.ops.nn.activations import squareplus as squareplus
from kmb_core.ops.nn.activations import tanh_shrink as tanh_shrink
from kmb_core.ops.nn.activations import threshold as threshold
from kmb_core.ops.nn.convolution import average_pool as average_pool
from kmb_core.ops.nn.convolution import conv as conv
from kmb_core.ops.nn.convolution import max_pool as max_pool
from kmb_core.ops.nn.loss import binary_crossentropy as binary_crossentropy
from kmb_core.ops.nn.loss import categorical_crossentropy as categorical_crossentropy
from kmb_core.ops.nn.loss import multi_hot as multi_hot
from kmb_core.ops.nn.loss import one_hot as one_hot
from kmb_core.ops.nn.loss import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from kmb_core.ops.nn.normalization import batch_normalization as batch_normalization
from kmb_core.ops.nn.normalization import layer_normalization as layer_normalization
from kmb_core.ops.nn.normalization import moments as moments
from kmb_core.ops.nn.normalization import normalize as normalize
from kmb_core.ops.nn.normalization import rms_normalization as rms_normalization
from kmb_core.ops.quantiles import (
    median as median,
)
from kmb_core.ops.quantiles import (
    nanmedian as nanmedian,
)
from kmb_core.ops.quantiles import (
    nanpercentile as nanpercentile,
)
from kmb_core.ops.quantiles import (
    nanquantile as nanquantile,
)
from kmb_core.ops.quantiles import (
    percentile as percentile,
)
from kmb_core.ops.quantiles import (
    quantile as quantile,
)
from kmb_core.ops.reduction import all as all
from kmb_core.ops.reduction import amax as amax
from kmb_core.ops.reduction import amin as amin
from kmb_core.ops.reduction import any as any
from kmb_core.ops.reduction import argmax as argmax
from kmb_core.ops.reduction import argmin as argmin
from kmb_core.ops.reduction import argsort as argsort
from kmb_core.ops.reduction import average as average
from kmb_core.ops.reduction import count_nonzero as count_nonzero
from kmb_core.ops.reduction import cumprod as cumprod
from kmb_core.ops.reduction import cumsum as cumsum
from kmb_core.ops.reduction import in_top_k as in_top_k
from kmb_core.ops.reduction import logsumexp as logsumexp
from kmb_core.ops.reduction import max as max
from kmb_core.ops.reduction import mean as mean
from kmb_core.ops.reduction import min as min
from kmb_core.ops.reduction import prod as prod
from kmb_core.ops.reduction import sort as sort
from kmb_core.ops.reduction import std as std
from kmb_core.ops.reduction import sum as sum
from kmb_core.ops.reduction import top_k as top_k
from kmb_core.ops.reduction import var as var
from kmb_core.ops.searching import (
    argpartition as argpartition,
)
from kmb_core.ops.searching import (
    bincount as bincount,
)
from kmb_core.ops.searching import (
    digitize as digitize,
)
from kmb_core.ops.searching import (
    histogram as histogram,
)
from kmb_core.ops.searching import (
    isin as isin,
)
from kmb_core.ops.searching import (
    nonzero as nonzero,
)
from kmb_core.ops.searching import (
    searchsorted as searchsorted,
)
from kmb_core.ops.searching import (
    select as select,
)
from kmb_core.ops.sets import (
    unique as unique,
)
from kmb_core.ops.special_functions import cbrt as cbrt
from kmb_core.ops.special_functions import deg2rad as deg2rad
from kmb_core.ops.special_functions import exp2 as exp2
from kmb_core.ops.special_functions import hypot as hypot
from kmb_core.ops.special_functions import i0 as i0
from kmb_core.ops.special_functions import logaddexp2 as logaddexp2
from kmb_core.ops.special_functions import rad2deg as rad2deg
from kmb_core.ops.special_functions import sinc as sinc
from kmb_core.ops.stacking import (
    append as append,
)
from kmb_core.ops.stacking import (
    array_split as array_split,
)
from kmb_core.ops.stacking import (
    dsplit as dsplit,
)
from kmb_core.ops.stacking import (
    dstack as dstack,
)
from kmb_core.ops.stacking import (
    hsplit as hsplit,
)
from kmb_core.ops.stacking import (
    hstack as hstack,
)
from kmb_core.ops.stacking import (
    vsplit as vsplit,
)
from kmb_core.ops.stacking import (
    vstack as vstack,
)
from kmb_core.ops.tensors import convert_to_numpy as convert_to_numpy
from kmb_core.ops.tensors import is_tensor as is_tensor
from kmb_core.ops.tensors import shape as shape
from kmb_core.ops.vectorization import (
    vectorize as vectorize,
)
from kmb_core.ops.windows import bartlett as bartlett
from kmb_core.ops.windows import blackman as blackman
from kmb_core.ops.windows import hamming as hamming
from kmb_core.ops.windows import hanning as hanning
from kmb_core.ops.windows import kaiser as kaiser
