"""The seed network's training step in TensorFlow: python tensorflow_step.py START THREADS [xla] [relu].

START is the safetensors file of ExportStart. The whole step is one tf.function; batch norms are TensorFlow's fused
operation, whose averages are made here with the biased variance, as TensorFlow 1's layer does.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import tensorflow as tf  # noqa: E402
from safetensors.numpy import load_file  # noqa: E402

from rounds import serve  # noqa: E402

DECAY, EPSILON = 0.9, 1e-5


def main(start, threads, *modes):
    tf.config.threading.set_intra_op_parallelism_threads(int(threads))
    tf.config.threading.set_inter_op_parallelism_threads(int(threads))
    tensors = load_file(start)
    inputs = tf.constant(tensors["batch.input"].transpose(0, 2, 3, 1))
    targets = tf.constant(tensors["batch.target"].transpose(0, 2, 3, 1))
    weights = {}
    for layer in ("conv1", "conv2"):
        weights[layer + ".weight"] = tf.Variable(tensors[layer + ".weight"].transpose(2, 3, 1, 0))
        weights[layer + ".bias"] = tf.Variable(tensors[layer + ".bias"])
    for layer in ("bn1", "bn2"):
        weights[layer + ".gamma"] = tf.Variable(tensors[layer + ".gamma"])
        weights[layer + ".beta"] = tf.Variable(tensors[layer + ".beta"])
    moving = {
        layer + part: tf.Variable(tensors[layer + part])
        for layer in ("bn1", "bn2")
        for part in (".moving_mean", ".moving_variance")
    }
    optimizer = tf.keras.optimizers.Adam(1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    optimizer.build(list(weights.values()))

    def convolution(x, layer):
        return tf.nn.bias_add(tf.nn.conv2d(x, weights[layer + ".weight"], 1, "SAME"), weights[layer + ".bias"])

    def batch_norm(x, layer):
        y, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            x, weights[layer + ".gamma"], weights[layer + ".beta"], epsilon=EPSILON, is_training=True
        )
        count = x.shape[0] * x.shape[1] * x.shape[2]
        variance *= (count - 1) / count
        for part, value in ((".moving_mean", mean), (".moving_variance", variance)):
            average = moving[layer + part]
            average.assign(DECAY * average + (1 - DECAY) * value)
        return y

    @tf.function(jit_compile="xla" in modes)
    def train():
        with tf.GradientTape() as tape:
            y = batch_norm(convolution(inputs, "conv1"), "bn1")
            y = tf.nn.relu(y) if "relu" in modes else y
            y = batch_norm(convolution(y, "conv2"), "bn2") + inputs
            loss = tf.reduce_mean(tf.math.squared_difference(y, targets))
        variables = list(weights.values())
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    serve(" ".join(["TensorFlow", tf.__version__, *modes]), lambda: float(train().numpy()))


if __name__ == "__main__":
    main(*sys.argv[1:])
