"""The moments of a convolution's output in float64, and how far others are from them."""

import numpy as np

from rounds import tell


def of_first_convolution(tensors):
    """Mean and population variance of each channel over the batch: 3x3, padding 1, straight from the formula."""
    x = tensors["batch.input"].astype(np.float64)
    weight = tensors["conv1.weight"].astype(np.float64)
    height, width = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    y = np.zeros((x.shape[0], weight.shape[0], height, width))
    for row in range(3):
        for column in range(3):
            window = padded[:, :, row : row + height, column : column + width]
            y += np.einsum("oi,nihw->nohw", weight[:, :, row, column], window, optimize=True)
    y += tensors["conv1.bias"].astype(np.float64)[:, None, None]
    return y.mean(axis=(0, 2, 3)), y.var(axis=(0, 2, 3))


def tell_errors(name, truth, mean, variance):
    true_mean, true_variance = truth
    tell(
        name=name,
        mean=float(np.max(np.abs(np.asarray(mean, np.float64) - true_mean) / np.sqrt(true_variance))),
        variance=float(np.max(np.abs(np.asarray(variance, np.float64) / true_variance - 1))),
    )
