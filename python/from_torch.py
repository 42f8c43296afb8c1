"""Renames the tensors of a PyTorch state_dict for syncnorm train --init.

    python from_torch.py torch.safetensors model.safetensors [MODULE=LAYER ...]

such as features.0=conv1, as names of layers have no dots. Values keep their bits. Needs safetensors and numpy.
"""

import sys

from safetensors.numpy import load_file, save_file

from torch_names import from_torch

if len(sys.argv) < 3 or not all("=" in pair for pair in sys.argv[3:]):
    sys.exit(__doc__.strip())
save_file(from_torch(load_file(sys.argv[1]), dict(pair.split("=", 1) for pair in sys.argv[3:])), sys.argv[2])
