package dev.syncnorm.training;

import dev.syncnorm.kernel.Planes;
import dev.syncnorm.kernel.RowSums;
import dev.syncnorm.network.SumLayout.Segment;
import java.util.Optional;
import java.util.function.Function;

/** The tasks that add up rows: into the sums of their phase, or the gradients of an image. */
final class SumTasks {

  private SumTasks() {}

  /** Sums over the rows that are an image's part of its phase's sum, from an offset on. */
  private abstract static class Sum extends RowTask {
    private final RowSums sums;
    private final int offset;

    Sum(RowSums sums, Segment segment) {
      this.sums = sums;
      this.offset = segment.offset();
    }

    @Override
    void begin(Image image) {
      sums.begin();
    }

    @Override
    void finish(double[] all) {
      sums.finish(all, offset);
    }
  }

  static final class OfOne extends Sum {
    private final RowSums.OfOne sums;

    OfOne(RowSums.OfOne sums, Segment segment) {
      super(sums, segment);
      this.sums = sums;
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      sums.add(reads[0], from, to);
    }
  }

  static final class OfTwo extends Sum {
    private final RowSums.OfTwo sums;

    OfTwo(RowSums.OfTwo sums, Segment segment) {
      super(sums, segment);
      this.sums = sums;
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      sums.add(reads[0], reads[1], from, to);
    }
  }

  static final class AboutPivot extends Sum {
    private final RowSums.OfTwoAboutPivot sums;
    private final Function<Image, float[]> pivotOf;
    private float[] pivot;

    AboutPivot(RowSums.OfTwoAboutPivot sums, Segment segment, Function<Image, float[]> pivotOf) {
      super(sums, segment);
      this.sums = sums;
      this.pivotOf = pivotOf;
    }

    @Override
    void begin(Image image) {
      super.begin(image);
      pivot = pivotOf.apply(image);
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      sums.add(reads[0], pivot, reads[1], from, to);
    }
  }

  /** An image's gradients of a layer's parameters, which it keeps until the last sum. */
  static final class Gradients extends RowTask {
    private final int node;
    private final RowSums.OfTwo gradients;
    private StoredTensors stored;

    Gradients(int node, RowSums.OfTwo gradients) {
      this.node = node;
      this.gradients = gradients;
    }

    @Override
    void begin(Image image) {
      stored = image.stored();
      gradients.begin();
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      gradients.add(reads[0], reads[1], from, to);
    }

    @Override
    void finish(double[] sums) {
      gradients.finish(stored.layerGradients(node), 0);
    }
  }
}
