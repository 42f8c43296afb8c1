package dev.syncnorm.training;

import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.ImageLayer;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.Network.Node;
import dev.syncnorm.network.ParameterTable;

/** Runs a network on single images at test time: batch norms use their moving statistics. */
public final class Inference {

  private final Network network;
  private final ParameterTable table;
  private final Kernels kernels;
  private final float[][] activations;

  /** An inference of one thread. */
  public Inference(Network network, Kernels kernels) {
    this.network = network;
    this.table = network.parameters();
    this.kernels = kernels;
    activations = new float[network.values()][];
    for (int value = 1; value < activations.length; value++) {
      activations[value] = new float[network.shape(value).size()];
    }
  }

  /**
   * The network's output for one image.
   *
   * @param parameters in the order of the network's table
   * @param image [channels, height, width]
   * @return overwritten by the next call
   */
  public float[] output(float[][] parameters, float[] image) {
    activations[0] = image;
    for (int i = 0; i < network.nodes().size(); i++) {
      Node node = network.nodes().get(i);
      float[][] own = table.ofNode(parameters, i);
      float[][] inputs = new float[node.inputs().size()][];
      for (int k = 0; k < inputs.length; k++) {
        inputs[k] = activations[node.inputs().get(k)];
      }
      if (node.layer() instanceof BatchNorm norm) {
        norm.forward(kernels, own, BatchNorm.movingMoments(own), inputs[0], activations[i + 1]);
      } else if (node.layer() instanceof ImageLayer layer) {
        layer.forward(kernels, own, inputs, activations[i + 1]);
      }
    }
    return activations[activations.length - 1];
  }
}
