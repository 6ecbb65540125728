"""Element-wise ops: NumPy's universal functions as they are."""

import numpy as np

add = np.add
subtract = np.subtract
multiply = np.multiply
true_divide = np.true_divide
equal = np.equal
not_equal = np.not_equal
logical_not = np.logical_not
exp = np.exp
square = np.square
