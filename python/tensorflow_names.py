"""The names and orders of TensorFlow's variables and those of syncnorm.

    TensorFlow                                syncnorm
    kernel [height, width, in, out]           weight [out, in, height, width]
    kernel [in, out]                          weight [out, in]
    bias, gamma, beta                         the same
    moving_mean, moving_variance              the same

A variable is called layer/name; an ending :0 does not count.
"""

import numpy as np

SAME = ("bias", "gamma", "beta", "moving_mean", "moving_variance")


def from_tensorflow(tensors, layers):
    """Tensors by syncnorm's names and orders; layers maps TensorFlow's names of layers to ours."""
    renamed = {}
    for name, values in tensors.items():
        layer, _, variable = name.removesuffix(":0").rpartition("/")
        layer = layers.get(layer, layer)
        if variable == "kernel" and values.ndim in (2, 4):
            order = (3, 2, 0, 1) if values.ndim == 4 else (1, 0)
            renamed[layer + ".weight"] = np.ascontiguousarray(values.transpose(order))
        elif variable in SAME:
            renamed[layer + "." + variable] = values
        else:
            raise SystemExit(f"{name} is no variable of a convolution, dense layer or batch norm; remove it first")
    return renamed


def to_tensorflow(tensors, layers):
    """Tensors by TensorFlow's names and orders; layers maps our names of layers to TensorFlow's."""
    renamed = {}
    for name, values in tensors.items():
        layer, _, parameter = name.rpartition(".")
        layer = layers.get(layer, layer)
        if parameter == "weight":
            order = (2, 3, 1, 0) if values.ndim == 4 else (1, 0)
            renamed[layer + "/kernel"] = np.ascontiguousarray(values.transpose(order))
        else:
            renamed[layer + "/" + parameter] = values
    return renamed
