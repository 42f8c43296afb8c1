"""The names of PyTorch's parameters and those of syncnorm; shapes and orders are the same.

    PyTorch                     syncnorm
    weight, bias                weight, bias               of convolutions and dense layers
    weight, bias                gamma, beta                of batch norms
    running_mean, running_var   moving_mean, moving_variance
    num_batches_tracked         none
"""

OURS = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
THEIRS = {ours: theirs for theirs, ours in OURS.items()}


def from_torch(tensors, layers):
    """Tensors by syncnorm's names; layers maps names of modules to names of layers."""
    renamed = {}
    for name, values in tensors.items():
        module, _, parameter = name.rpartition(".")
        if parameter == "num_batches_tracked":
            continue
        if module + ".running_mean" in tensors:
            parameter = OURS[parameter]
        renamed[layers.get(module, module) + "." + parameter] = values
    return renamed


def to_torch(tensors, modules):
    """Tensors by PyTorch's names; modules maps names of layers to names of modules."""
    renamed = {}
    for name, values in tensors.items():
        layer, _, parameter = name.rpartition(".")
        renamed[modules.get(layer, layer) + "." + THEIRS.get(parameter, parameter)] = values
    return renamed
