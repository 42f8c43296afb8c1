package dev.syncnorm.bench;

import dev.syncnorm.bench.Rounds.Round;
import dev.syncnorm.tensor.Safetensors;
import dev.syncnorm.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.impl.updaters.AdamUpdater;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * The seed network's step as ND4J's own operations do it, forwards and backwards over the whole
 * batch in float32: {@code Nd4jStep START THREADS}, START being the file of {@link ExportStart}.
 * All large arrays are made once.
 *
 * <p>Its operations are called one by one because SameDiff's batch norm takes moments as given and
 * has no gradient through them. {@code batchnorm_bp} has it.
 */
final class Nd4jStep {

  private static final double DECAY = 0.9;
  private static final double EPSILON = 1e-5;
  private static final int[] PER_CHANNEL = {0, 2, 3};

  private final Map<String, INDArray> parameters = new LinkedHashMap<>();
  private final Map<String, INDArray> gradients = new LinkedHashMap<>();
  private final Map<String, INDArray[]> slots = new LinkedHashMap<>();
  private final Map<String, INDArray> moving = new LinkedHashMap<>();
  private final Norm norm1;
  private final Norm norm2;
  private final INDArray input;
  private final INDArray target;
  private final INDArray wide;
  private final INDArray narrow;
  private final INDArray inputGradient;
  private final INDArray difference;
  private final INDArray outputGradient;
  private int step;

  private Nd4jStep(Safetensors start) throws IOException {
    input = array(start, "batch.input");
    target = array(start, "batch.target");
    for (String name : start.names()) {
      if (name.contains("moving_")) {
        moving.put(name, array(start, name));
      } else if (!name.startsWith("batch.")) {
        INDArray parameter = array(start, name);
        parameters.put(name, parameter);
        gradients.put(name, zeros(parameter));
        slots.put(name, new INDArray[] {zeros(parameter), zeros(parameter)});
      }
    }
    long[] shape = input.shape();
    wide = Nd4j.create(DataType.FLOAT, shape[0], 16, shape[2], shape[3]);
    narrow = zeros(input);
    inputGradient = zeros(input);
    difference = zeros(input);
    outputGradient = zeros(input);
    norm1 = new Norm("bn1", wide);
    norm2 = new Norm("bn2", narrow);
  }

  /** See the class. */
  public static void main(String[] arguments) throws Exception {
    Nd4jStep network = new Nd4jStep(Safetensors.read(Path.of(arguments[0])));
    // Only once its first array has been made is the native library there.
    NativeOpsHolder.getInstance()
        .getDeviceNativeOps()
        .setOmpNumThreads(Integer.parseInt(arguments[1]));
    Rounds.serve("ND4J 1.0.0-M2.1", network::run);
  }

  private Round run(int steps) {
    Round round = new Round(new ArrayList<>(), new ArrayList<>(), List.of());
    for (int i = 0; i < steps; i++) {
      long begin = System.nanoTime();
      round.losses().add(step());
      round.seconds().add((System.nanoTime() - begin) / 1e9);
    }
    return round;
  }

  private double step() {
    convolve("conv1", input, wide);
    INDArray hidden = norm1.forward();
    convolve("conv2", hidden, narrow);
    INDArray output = norm2.forward();
    output.addi(input, difference);
    difference.subi(target);
    double loss = difference.norm2Number().doubleValue();
    loss = loss * loss / difference.length();
    difference.muli(2.0 / difference.length(), outputGradient);

    INDArray narrowGradient = norm2.backward(outputGradient);
    INDArray hiddenGradient = norm1.outputGradient;
    convolveBack("conv2", hidden, narrowGradient, hiddenGradient);
    convolveBack("conv1", input, norm1.backward(hiddenGradient), inputGradient);
    parameters.forEach(this::update);
    step++;
    return loss;
  }

  private void update(String name, INDArray parameter) {
    INDArray gradient = gradients.get(name);
    INDArray[] own = slots.get(name);
    Nd4j.exec(new AdamUpdater(gradient, own[0], own[1], 1e-3, 0.9, 0.999, 1e-8, step));
    parameter.subi(gradient);
  }

  /** A batch norm with what it keeps from forwards to backwards. */
  private final class Norm {
    private final String name;
    private final INDArray x;
    private final INDArray output;
    private final INDArray outputGradient;
    private final INDArray gradient;
    private final INDArray meanGradient;
    private final INDArray varianceGradient;
    private INDArray mean;
    private INDArray variance;

    Norm(String name, INDArray x) {
      this.name = name;
      this.x = x;
      output = zeros(x);
      outputGradient = zeros(x);
      gradient = zeros(x);
      mean = zeros(parameters.get(name + ".gamma"));
      variance = zeros(mean);
      meanGradient = zeros(mean);
      varianceGradient = zeros(mean);
    }

    INDArray forward() {
      mean = x.mean(PER_CHANNEL);
      variance = x.var(false, PER_CHANNEL);
      exec("batchnorm", inputs(), List.of(output), new double[] {EPSILON}, 1, 1, 1);
      average(".moving_mean", mean);
      average(".moving_variance", variance);
      return output;
    }

    private void average(String part, INDArray value) {
      moving.get(name + part).muli(DECAY).addi(value.mul(1 - DECAY));
    }

    INDArray backward(INDArray dy) {
      List<INDArray> inputs = new ArrayList<>(inputs());
      inputs.add(dy);
      List<INDArray> outputs =
          List.of(
              gradient,
              meanGradient,
              varianceGradient,
              gradients.get(name + ".gamma"),
              gradients.get(name + ".beta"));
      exec("batchnorm_bp", inputs, outputs, new double[] {EPSILON}, 1, 1, 1);
      return gradient;
    }

    private List<INDArray> inputs() {
      return List.of(
          x, mean, variance, parameters.get(name + ".gamma"), parameters.get(name + ".beta"));
    }
  }

  private void convolve(String name, INDArray x, INDArray y) {
    convolution(
        "conv2d",
        List.of(x, parameters.get(name + ".weight"), parameters.get(name + ".bias")),
        List.of(y));
  }

  private void convolveBack(String name, INDArray x, INDArray dy, INDArray dx) {
    convolution(
        "conv2d_bp",
        List.of(x, parameters.get(name + ".weight"), parameters.get(name + ".bias"), dy),
        List.of(dx, gradients.get(name + ".weight"), gradients.get(name + ".bias")));
  }

  /** 3x3, stride 1, padding 1, dilation 1, not SAME by itself, NCHW, weights OIHW. */
  private static void convolution(String op, List<INDArray> inputs, List<INDArray> outputs) {
    exec(op, inputs, outputs, new double[0], 3, 3, 1, 1, 1, 1, 1, 1, 0, 0, 1);
  }

  private static void exec(
      String op, List<INDArray> inputs, List<INDArray> outputs, double[] numbers, int... integers) {
    DynamicCustomOp.DynamicCustomOpsBuilder builder =
        DynamicCustomOp.builder(op)
            .addInputs(inputs.toArray(INDArray[]::new))
            .addOutputs(outputs.toArray(INDArray[]::new))
            .addIntegerArguments(integers);
    for (double number : numbers) {
      builder.addFloatingPointArguments(number);
    }
    Nd4j.exec(builder.build());
  }

  private static INDArray array(Safetensors file, String name) throws IOException {
    Tensor tensor = file.tensor(name);
    long[] shape = tensor.shape().extents().stream().mapToLong(Integer::longValue).toArray();
    return Nd4j.create(tensor.values(), shape, 'c').castTo(DataType.FLOAT);
  }

  private static INDArray zeros(INDArray like) {
    return Nd4j.zeros(DataType.FLOAT, like.shape());
  }
}
