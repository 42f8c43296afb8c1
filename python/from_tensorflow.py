"""Renames and reorders TensorFlow's variables for syncnorm train --init.

    python from_tensorflow.py tensorflow.safetensors model.safetensors [THEIRS=OURS ...]

with names of layers, such as block1/conv=conv1. Values keep their bits. Needs safetensors and numpy.
"""

import sys

from safetensors.numpy import load_file, save_file

from tensorflow_names import from_tensorflow

if len(sys.argv) < 3 or not all("=" in pair for pair in sys.argv[3:]):
    sys.exit(__doc__.strip())
save_file(from_tensorflow(load_file(sys.argv[1]), dict(pair.split("=", 1) for pair in sys.argv[3:])), sys.argv[2])
