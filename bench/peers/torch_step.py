"""The seed network's training step in PyTorch: python torch_step.py START THREADS [channels-last] [compile] [relu].

START is the safetensors file of ExportStart. Batch norms update their running statistics; torch's momentum is the
weight of the new value, 1 - decay.
"""

import sys

import torch
from safetensors.torch import load_file
from torch import nn

from rounds import serve


class Seed(nn.Module):
    def __init__(self, relu):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(16, eps=1e-5, momentum=0.1)
        self.conv2 = nn.Conv2d(16, 3, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(3, eps=1e-5, momentum=0.1)
        self.between = nn.ReLU() if relu else nn.Identity()

    def forward(self, x):
        return self.bn2(self.conv2(self.between(self.bn1(self.conv1(x))))) + x

    def start_from(self, tensors):
        for name in ("conv1", "conv2"):
            layer = getattr(self, name)
            layer.weight.data.copy_(tensors[name + ".weight"])
            layer.bias.data.copy_(tensors[name + ".bias"])
        for name in ("bn1", "bn2"):
            layer = getattr(self, name)
            layer.weight.data.copy_(tensors[name + ".gamma"])
            layer.bias.data.copy_(tensors[name + ".beta"])


def main(start, threads, *modes):
    torch.set_num_threads(int(threads))
    tensors = load_file(start)
    layout = torch.channels_last if "channels-last" in modes else torch.contiguous_format
    model = Seed("relu" in modes)
    model.start_from(tensors)
    model = model.to(memory_format=layout).train()
    inputs = tensors["batch.input"].contiguous(memory_format=layout)
    targets = tensors["batch.target"].contiguous(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, fused=True)

    def loss_of(x, target):
        return nn.functional.mse_loss(model(x), target)

    forward = torch.compile(loss_of) if "compile" in modes else loss_of

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = forward(inputs, targets)
        loss.backward()
        optimizer.step()
        return loss.item()

    serve(" ".join(["PyTorch", torch.__version__, *modes]), step)


if __name__ == "__main__":
    main(*sys.argv[1:])
