package dev.syncnorm.layer;

import dev.syncnorm.configuration.Settings;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.tensor.Shape;
import java.util.List;
import java.util.Optional;

/**
 * The rectifier.
 *
 * <p>forward: y = max(x, 0).
 *
 * <p>backward: dx = dy where y is above 0, else 0; at x = 0, where there is no derivative, 0 as all
 * frameworks have it. NaN stays NaN in both directions.
 */
public record Relu(String name, Shape outputShape) implements ImageLayer {

  /** Reads the settings, of which there are none; notes mistakes there. */
  static Relu read(String name, Settings settings, List<Shape> inputs) throws ShapeException {
    return new Relu(name, Layers.single("relu", inputs));
  }

  @Override
  public String type() {
    return "relu";
  }

  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public void forward(
      Kernels kernels, float[][] parameters, Planes[] inputs, Planes output, int from, int to) {
    kernels.relu(inputs[0], output, from, to);
  }

  @Override
  public InputGradient inputGradientKind() {
    return InputGradient.OF_GRADIENT_AND_OUTPUT;
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
    kernels.reluGradient(output.orElseThrow(), outputGradient, inputGradient, from, to);
  }
}
