package dev.syncnorm.kernel;

/**
 * Sums over the pixels of one image. Its rows are added from the first to the last, in runs of any
 * length: the result does not depend on how the rows are cut into runs, to the last bit. An
 * instance is used for one image after the other and belongs to the thread of the {@link Kernels}
 * that made it.
 */
public interface RowSums {

  /** Forgets what was added, for another image. */
  void begin();

  /** Writes the sums of all rows at {@code sums[offset ...]}; once after {@link #begin}. */
  void finish(double[] sums, int offset);

  /** Sums over one tensor. */
  interface OfOne extends RowSums {
    /** Adds the rows from {@code from} to before {@code to}, which follow those added so far. */
    void add(Planes x, int from, int to);
  }

  /** Sums over two tensors. */
  interface OfTwo extends RowSums {
    /**
     * Adds the rows from {@code from} to before {@code to} of the second, which follow those added
     * so far, with the rows of the first that belong to them.
     */
    void add(Planes x, Planes y, int from, int to);
  }

  /** Sums over two tensors of which the first is taken about a pivot for each channel. */
  interface OfTwoAboutPivot extends RowSums {
    /** Adds the rows from {@code from} to before {@code to}, which follow those added so far. */
    void add(Planes x, float[] pivot, Planes y, int from, int to);
  }
}
