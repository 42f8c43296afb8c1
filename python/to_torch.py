"""Renames the tensors of a syncnorm model for PyTorch's load_state_dict.

    python to_torch.py model.safetensors torch.safetensors [LAYER=MODULE ...]

such as conv1=features.0. Values keep their bits. Needs safetensors and numpy.
"""

import sys

from safetensors.numpy import load_file, save_file

from torch_names import to_torch

if len(sys.argv) < 3 or not all("=" in pair for pair in sys.argv[3:]):
    sys.exit(__doc__.strip())
save_file(to_torch(load_file(sys.argv[1]), dict(pair.split("=", 1) for pair in sys.argv[3:])), sys.argv[2])
