package dev.syncnorm.kernel;

import dev.syncnorm.tensor.Shape;
import java.util.Random;

/**
 * Calls kernels for whole tensors by random runs of rows, on {@link Frame}s with random margins and
 * windows, and checks what they must leave alone. The results must not depend on the random source.
 */
final class Runs {
  private final Random random;

  Runs(Random random) {
    this.random = random;
  }

  /** Something to be done for the rows from {@code from} to before {@code to}. */
  private interface Run {
    void call(int from, int to);
  }

  private void cut(int height, Run run) {
    int most = random.nextInt(4) == 0 ? height : 1 + random.nextInt(height);
    int to;
    for (int from = 0; from < height; from = to) {
      to = Math.min(height, from + 1 + (most == height ? height : random.nextInt(most)));
      run.call(from, to);
    }
  }

  float[] convolution(
      Kernels kernels, ConvolutionGeometry g, float[] x, float[] weight, float[] bias) {
    return convolution(
        g, x, (in, out, from, to) -> kernels.convolution(g, in, weight, bias, out, from, to));
  }

  float[] rectifiedConvolution(
      Kernels kernels, ConvolutionGeometry g, float[] x, float[] weight, float[] bias) {
    return convolution(
        g,
        x,
        (in, out, from, to) -> kernels.rectifiedConvolution(g, in, weight, bias, out, from, to));
  }

  private float[] convolution(ConvolutionGeometry g, float[] x, OfOne kernel) {
    Frame in = Frame.operand(random, g.inputShape(), g.inputMargins(), x);
    Frame out = Frame.result(random, g.outputShape());
    cut(
        g.outputHeight(),
        (from, to) -> {
          Planes xRows = in.show(g.inputRows().first(from), g.inputRows().end(to));
          Planes yRows = out.show(from, to);
          change(in, out, from, to, () -> kernel.run(xRows, yRows, from, to));
        });
    return out.packed();
  }

  float[] inputGradient(Kernels kernels, ConvolutionGeometry g, float[] dy, float[] weight) {
    return inputGradient(
        g,
        dy,
        (in, out, from, to) -> kernels.convolutionInputGradient(g, in, weight, out, from, to));
  }

  private float[] inputGradient(ConvolutionGeometry g, float[] dy, OfOne kernel) {
    Frame in = Frame.operand(random, g.outputShape(), g.outputGradientMargins(), dy);
    Frame out = Frame.result(random, g.inputShape());
    RowWindow rows = g.outputGradientRows();
    cut(
        g.inputHeight(),
        (from, to) -> {
          Planes dyRows = in.show(rows.first(from), rows.end(to));
          Planes dxRows = out.show(from, to);
          change(in, out, from, to, () -> kernel.run(dyRows, dxRows, from, to));
        });
    return out.packed();
  }

  private static void change(Frame in, Frame out, int from, int to, Runnable call) {
    in.changesOnly(0, 0, () -> out.changesOnly(from, to, call));
    out.keep(from, to);
  }

  double[] weightGradient(Kernels kernels, ConvolutionGeometry g, float[] x, float[] dy) {
    RowSums.OfTwo sums = kernels.convolutionWeightGradient(g);
    double[] gradient = new double[g.weightShape().size()];
    weightGradient(sums, g, x, dy, gradient, 0);
    return gradient;
  }

  void weightGradient(
      RowSums.OfTwo sums,
      ConvolutionGeometry g,
      float[] x,
      float[] dy,
      double[] gradient,
      int offset) {
    Frame in = Frame.operand(random, g.inputShape(), g.inputMargins(), x);
    Frame out = Frame.operand(random, g.outputShape(), Planes.Margins.NONE, dy);
    sums.begin();
    cut(
        g.outputHeight(),
        (from, to) -> {
          Planes xRows = in.show(g.inputRows().first(from), g.inputRows().end(to));
          Planes dyRows = out.show(from, to);
          in.changesOnly(
              0, 0, () -> out.changesOnly(0, 0, () -> sums.add(xRows, dyRows, from, to)));
        });
    sums.finish(gradient, offset);
  }

  void patchMoments(RowSums.OfOne sums, ConvolutionGeometry g, float[] x, double[] target) {
    Frame in = Frame.operand(random, g.inputShape(), g.inputMargins(), x);
    sums.begin();
    cut(
        g.outputHeight(),
        (from, to) -> {
          Planes rows = in.show(g.inputRows().first(from), g.inputRows().end(to));
          in.changesOnly(0, 0, () -> sums.add(rows, from, to));
        });
    sums.finish(target, 0);
  }

  void sum(RowSums.OfOne sums, Shape shape, float[] x, double[] target, int offset) {
    Frame in = Frame.operand(random, shape, Planes.Margins.NONE, x);
    sums.begin();
    cut(
        shape.height(),
        (from, to) -> {
          Planes rows = in.show(from, to);
          in.changesOnly(0, 0, () -> sums.add(rows, from, to));
        });
    sums.finish(target, offset);
  }

  double[] sum(RowSums.OfOne sums, Shape shape, float[] x, int size) {
    double[] target = new double[size];
    sum(sums, shape, x, target, 0);
    return target;
  }

  double[] sum(RowSums.OfTwo sums, Shape shape, float[] x, float[] y, int size) {
    RowSums.OfTwoAboutPivot aboutNone =
        new RowSums.OfTwoAboutPivot() {
          @Override
          public void begin() {
            sums.begin();
          }

          @Override
          public void add(Planes x, float[] pivot, Planes y, int from, int to) {
            sums.add(x, y, from, to);
          }

          @Override
          public void finish(double[] target, int offset) {
            sums.finish(target, offset);
          }
        };
    return sum(aboutNone, shape, x, new float[0], y, size);
  }

  double[] sum(
      RowSums.OfTwoAboutPivot sums, Shape shape, float[] x, float[] pivot, float[] y, int size) {
    Frame first = Frame.operand(random, shape, Planes.Margins.NONE, x);
    Frame second = Frame.operand(random, shape, Planes.Margins.NONE, y);
    double[] target = new double[size];
    sums.begin();
    cut(
        shape.height(),
        (from, to) -> {
          Planes xRows = first.show(from, to);
          Planes yRows = second.show(from, to);
          first.changesOnly(
              0, 0, () -> second.changesOnly(0, 0, () -> sums.add(xRows, pivot, yRows, from, to)));
        });
    sums.finish(target, 0);
    return target;
  }

  /** An operation on the values of one tensor. */
  interface OfOne {
    void run(Planes x, Planes result, int from, int to);
  }

  /** An operation on the values of two tensors. */
  interface OfTwo {
    void run(Planes x, Planes y, Planes result, int from, int to);
  }

  float[] map(Shape shape, float[] x, OfOne operation) {
    return map(shape, x, x, (a, b, result, from, to) -> operation.run(a, result, from, to));
  }

  float[] map(Shape shape, float[] x, float[] y, OfTwo operation) {
    Frame first = Frame.operand(random, shape, Planes.Margins.NONE, x);
    Frame second = Frame.operand(random, shape, Planes.Margins.NONE, y);
    Frame out = Frame.result(random, shape);
    cut(
        shape.height(),
        (from, to) -> {
          Planes xRows = first.show(from, to);
          Planes yRows = second.show(from, to);
          Planes rows = out.show(from, to);
          first.changesOnly(
              0,
              0,
              () ->
                  change(second, out, from, to, () -> operation.run(xRows, yRows, rows, from, to)));
        });
    return out.packed();
  }

  /** The result of an operation that writes over its first operand. */
  float[] mapInPlace(Shape shape, float[] x, OfOne operation) {
    Frame frame = Frame.operand(random, shape, Planes.Margins.NONE, x.clone());
    cut(
        shape.height(),
        (from, to) -> {
          Planes rows = frame.show(from, to);
          frame.changesOnly(from, to, () -> operation.run(rows, rows, from, to));
          frame.keep(from, to);
        });
    return frame.packed();
  }

  /** The result of an operation that writes over its second operand. */
  float[] mapInPlaceOfSecond(Shape shape, float[] x, float[] y, OfTwo operation) {
    Frame first = Frame.operand(random, shape, Planes.Margins.NONE, x);
    Frame second = Frame.operand(random, shape, Planes.Margins.NONE, y.clone());
    cut(
        shape.height(),
        (from, to) -> {
          Planes xRows = first.show(from, to);
          Planes rows = second.show(from, to);
          change(first, second, from, to, () -> operation.run(xRows, rows, rows, from, to));
        });
    return second.packed();
  }
}
