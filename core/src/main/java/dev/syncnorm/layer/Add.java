package dev.syncnorm.layer;

import dev.syncnorm.configuration.Settings;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.tensor.Shape;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The sum of two or more inputs of one shape.
 *
 * <p>forward: y = x1 + x2 + ..., added from left to right.
 *
 * <p>backward: dx1 = dx2 = ... = dy.
 */
public record Add(String name, Shape outputShape, int inputs) implements ImageLayer {

  /** Reads the settings, of which there are none; notes mistakes there. */
  static Add read(String name, Settings settings, List<Shape> inputs) throws ShapeException {
    if (inputs.size() < 2) {
      throw new ShapeException("add has " + inputs.size() + " input, expected two or more");
    }
    if (inputs.stream().distinct().count() > 1) {
      String shapes = inputs.stream().map(Shape::toString).collect(Collectors.joining(" and "));
      throw new ShapeException("add has inputs of the shapes " + shapes + ", expected one shape");
    }
    return new Add(name, inputs.get(0), inputs.size());
  }

  @Override
  public String type() {
    return "add";
  }

  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  /** One addition for each value and each input but the first. */
  @Override
  public double forwardOperations() {
    return (inputs - 1.0) * outputShape.size();
  }

  @Override
  public void forward(Kernels kernels, float[][] parameters, float[][] inputs, float[] output) {
    kernels.add(inputs[0], inputs[1], outputShape.size(), output);
    for (int i = 2; i < inputs.length; i++) {
      kernels.add(output, inputs[i], outputShape.size(), output);
    }
  }

  @Override
  public void backward(
      Kernels kernels,
      float[][] parameters,
      float[][] inputs,
      float[] outputGradient,
      float[][] inputGradients,
      double[] gradients,
      int offset) {
    for (float[] inputGradient : inputGradients) {
      if (inputGradient.length > 0) {
        System.arraycopy(outputGradient, 0, inputGradient, 0, outputShape.size());
      }
    }
  }
}
