package dev.syncnorm.layer;

import dev.syncnorm.configuration.Settings;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.tensor.Shape;
import java.util.List;
import java.util.Optional;
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
  public void forward(
      Kernels kernels, float[][] parameters, Planes[] inputs, Planes output, int from, int to) {
    kernels.add(inputs[0], inputs[1], output, from, to);
    for (int i = 2; i < inputs.length; i++) {
      kernels.add(output, inputs[i], output, from, to);
    }
  }

  @Override
  public InputGradient inputGradientKind() {
    return InputGradient.PASSED_ON;
  }

  @Override
  public void inputGradient(
      Kernels kernels,
      float[][] parameters,
      int input,
      Optional<Planes> output,
      Planes outputGradient,
      Planes inputGradient,
      int from,
      int to) {
    throw new UnsupportedOperationException("the output's gradient is passed on");
  }
}
