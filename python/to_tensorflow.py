"""Renames and reorders the tensors of a syncnorm model to TensorFlow's variables.

    python to_tensorflow.py model.safetensors tensorflow.safetensors [OURS=THEIRS ...]

with names of layers, such as conv1=block1/conv. Values keep their bits. Needs safetensors and numpy.
"""

import sys

from safetensors.numpy import load_file, save_file

from tensorflow_names import to_tensorflow

if len(sys.argv) < 3 or not all("=" in pair for pair in sys.argv[3:]):
    sys.exit(__doc__.strip())
save_file(to_tensorflow(load_file(sys.argv[1]), dict(pair.split("=", 1) for pair in sys.argv[3:])), sys.argv[2])
