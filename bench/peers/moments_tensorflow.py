"""Errors of the first batch norm's moments in TensorFlow: python moments_tensorflow.py START AFTER; AFTER is not read."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import tensorflow as tf  # noqa: E402
from safetensors.numpy import load_file  # noqa: E402

from float64_moments import of_first_convolution, tell_errors  # noqa: E402


def main(start, _):
    tensors = load_file(start)
    truth = of_first_convolution(tensors)
    images = tf.constant(tensors["batch.input"].transpose(0, 2, 3, 1))
    weight = tf.constant(tensors["conv1.weight"].transpose(2, 3, 1, 0))
    x = tf.nn.bias_add(tf.nn.conv2d(images, weight, 1, "SAME"), tensors["conv1.bias"])
    _, mean, variance = tf.compat.v1.nn.fused_batch_norm(x, tf.ones(16), tf.zeros(16), is_training=True)
    count = x.shape[0] * x.shape[1] * x.shape[2]
    name = f"TensorFlow {tf.__version__}"
    tell_errors(f"{name} fused_batch_norm", truth, mean.numpy(), variance.numpy().astype("float64") * (count - 1) / count)
    mean, variance = tf.nn.moments(x, (0, 1, 2))
    tell_errors(f"{name} nn.moments", truth, mean.numpy(), variance.numpy())


if __name__ == "__main__":
    main(*sys.argv[1:])
