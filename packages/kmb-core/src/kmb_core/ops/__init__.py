"""The operations: one function each, on every backend, on symbolic tensors too.

`kmb_core.ops` is NumPy's vocabulary and the functions of neural networks. Each is declared once, in the module of its family.
"""
