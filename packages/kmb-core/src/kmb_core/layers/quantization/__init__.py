"""Quantized layers: what a layer says about its weights (`weight`), what each mode does with them, and who joins both
(`quantizable`). A layer of another package derives from `Quantizable`; a mode of another package calls `add_mode`.
"""
