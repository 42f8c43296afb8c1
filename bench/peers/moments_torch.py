"""Errors of the first batch norm's moments in PyTorch, and of ours: python moments_torch.py START AFTER.

START is the file of ExportStart; AFTER that of one step of ours with a decay of 0.
"""

import sys

import torch
from safetensors.numpy import load_file

from float64_moments import of_first_convolution, tell_errors


def main(start, after):
    tensors = load_file(start)
    truth = of_first_convolution(tensors)
    ours = load_file(after)
    tell_errors("syncnorm", truth, ours["bn1.moving_mean"], ours["bn1.moving_variance"])
    for layout, label in ((torch.contiguous_format, ""), (torch.channels_last, " channels-last")):
        images = torch.from_numpy(tensors["batch.input"]).contiguous(memory_format=layout)
        weight = torch.from_numpy(tensors["conv1.weight"]).contiguous(memory_format=layout)
        x = torch.nn.functional.conv2d(images, weight, torch.from_numpy(tensors["conv1.bias"]), padding=1)
        # A momentum of 1 keeps nothing of the old value; torch keeps the sample variance.
        norm = torch.nn.BatchNorm2d(16, momentum=1.0).train()
        norm(x)
        count = x.numel() / 16
        variance = norm.running_var.double().numpy() * (count - 1) / count
        tell_errors(f"PyTorch {torch.__version__}{label}", truth, norm.running_mean.numpy(), variance)


if __name__ == "__main__":
    main(*sys.argv[1:])
