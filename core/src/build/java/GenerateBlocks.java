import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Writes the innermost loops of the vector kernels, one method for each shape of a block:
 * ConvolutionBlocks (target channels by vectors) and WeightGradientBlocks (channels of dy by taps).
 * Run by the build, {@code java GenerateBlocks.java FOLDER}; docs/kernels.md has the measurements
 * behind the shapes.
 *
 * <p>They are generated because HotSpot 17 keeps only named locals in registers, not arrays of
 * vectors, and only such as pass through a single loop: with a second loop around it, or a loop for
 * a remainder behind it, every vector becomes an object on the heap. So a block has one loop over
 * its taps, or over the vectors of all its rows, and the rest of its shape is written out.
 */
final class GenerateBlocks {
  private GenerateBlocks() {}

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0], "dev", "syncnorm", "kernel");
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("ConvolutionBlocks.java"), convolutionBlocks());
    Files.writeString(folder.resolve("WeightGradientBlocks.java"), weightGradientBlocks());
  }

  private static String convolutionBlocks() {
    String run =
        """
          /**
           * For each position p below size and target channel c below channels: y[to + c plane + p] =
           * start[c] with fma(w[tap, c], x[at + p + offsets[tap]], .) in the order of the taps. From wAt
           * on, w holds the starts, then the weights tap by tap. The last block overlaps the one before where
           * size is no multiple of a block: it computes the same values again.
           *
           * @param channels 1 to 4
           * @param vectors 2, 4 or, for less than four channels, 8
           * @param size at least a block
           * @param rectified whether y becomes max(y, 0), NaN staying NaN
           */
          static void run(
              int channels,
              int vectors,
              float[] x,
              int at,
              int size,
              int[] offsets,
              float[] w,
              int wAt,
              float[] y,
              int to,
              int plane,
              boolean rectified) {
            switch ((rectified ? 100 : 0) + 10 * channels + vectors) {
        """;
    StringBuilder cases = new StringBuilder();
    StringBuilder methods = new StringBuilder();
    for (boolean rectified : new boolean[] {false, true}) {
      for (int channels = 1; channels <= 4; channels++) {
        for (int vectors = 2; vectors <= (channels == 4 ? 4 : 8); vectors *= 2) {
          cases.append(
              "      case %d -> %s%dx%d(x, at, size, offsets, w, wAt, y, to, plane);\n"
                  .formatted(
                      (rectified ? 100 : 0) + 10 * channels + vectors,
                      rectified ? "rectified" : "block",
                      channels,
                      vectors));
          methods.append(convolutionBlock(channels, vectors, rectified));
        }
      }
    }
    return blocks(
        "ConvolutionBlocks",
        "VectorConvolution",
        "VectorOperators",
        run + cases + noSuchBlock("channels", "vectors") + methods);
  }

  private static String convolutionBlock(int channels, int vectors, boolean rectified) {
    String starts =
        eachPair(
            channels,
            vectors,
            (c, v) ->
                v == 0
                    ? "      FloatVector s%d0 = FloatVector.broadcast(S, w[wAt + %d]);\n"
                        .formatted(c, c)
                    : "      FloatVector s%d%d = s%d0;\n".formatted(c, v, c));
    // All vectors of x and one weight at a time, or the other way round: what needs less registers.
    String fmas =
        vectors <= channels
            ? each(vectors, v -> load(v)) + each(channels, c -> weight(c) + each(vectors, v -> fma(c, v)))
            : each(channels, c -> weight(c)) + each(vectors, v -> load(v) + each(channels, c -> fma(c, v)));
    // Not max, which takes several instructions to keep NaN.
    String rectifier = ".blend(zero, s%1$d%2$d.compare(VectorOperators.LE, zero))";
    String stores =
        eachPair(
            channels,
            vectors,
            (c, v) ->
                "      s%1$d%2$d%3$s.intoArray(y, to + column + %1$d * plane + %2$d * L);\n"
                    .formatted(c, v, rectified ? rectifier.formatted(c, v) : ""));
    String zero = rectified ? "    FloatVector zero = FloatVector.zero(S);\n" : "";
    return """

          private static void %6$s%1$dx%2$d(
              float[] x,
              int at,
              int size,
              int[] offsets,
              float[] w,
              int wAt,
              float[] y,
              int to,
              int plane) {
        %7$s    for (int i = 0; i < size; i += %2$d * L) {
              int column = Math.min(i, size - %2$d * L);
              int from = at + column;
        %3$s      int k = wAt + %1$d;
              for (int offset : offsets) {
                int p = from + offset;
        %4$s        k += %1$d;
              }
        %5$s    }
          }
        """
        .formatted(
            channels,
            vectors,
            starts,
            fmas,
            stores,
            rectified ? "rectified" : "block",
            zero);
  }

  private static String load(int v) {
    return "        FloatVector x%1$d = FloatVector.fromArray(S, x, p + %1$d * L);\n".formatted(v);
  }

  private static String weight(int c) {
    return "        FloatVector w%1$d = FloatVector.broadcast(S, w[k + %1$d]);\n".formatted(c);
  }

  private static String fma(int c, int v) {
    return "        s%1$d%2$d = w%1$d.fma(x%2$d, s%1$d%2$d);\n".formatted(c, v);
  }

  private static String weightGradientBlocks() {
    String run =
        """
          /**
           * For each channel d below channels, tap t below taps, row r below rows and column c below
           * width: lane c mod 16 of lanes[to + d toStep + 16 t ...] = fma(y[yAt + d plane + r yStep + c],
           * x[xAt + offsets[first + t] + r xStep + c], lane). Behind the end of a row y must be 0 up to a
           * multiple of 16; x may be anything there. With sums, lane c mod 16 of lanes[sumsTo + 16 d ...] +=
           * y[yAt + d plane + r yStep + c].
           *
           * @param channels 1 to 4
           * @param taps 1, 2, 3, 4 or, without sums, 6
           * @param sumsTo negative for no sums
           */
          static void run(
              int channels,
              int taps,
              float[] y,
              int yAt,
              int plane,
              int yStep,
              float[] x,
              int xAt,
              int xStep,
              int[] offsets,
              int first,
              int rows,
              int width,
              float[] lanes,
              int to,
              int toStep,
              int sumsTo) {
            int key = 10 * channels + taps + (width % Lanes.COUNT == 0 ? 0 : 100);
            switch (sumsTo < 0 ? key : key + 200) {
        """;
    StringBuilder cases = new StringBuilder();
    StringBuilder methods = new StringBuilder();
    for (boolean sums : new boolean[] {false, true}) {
      for (boolean masked : new boolean[] {false, true}) {
        for (int channels = 1; channels <= 4; channels++) {
          for (int taps : sums ? new int[] {1, 2, 3, 4} : new int[] {1, 2, 3, 4, 6}) {
            cases.append(
                """
                      case %d ->
                          %s%s%dx%d(
                              y, yAt, plane, yStep, x, xAt, xStep, offsets, first, rows, width, lanes, to,
                              toStep%s);
                """
                    .formatted(
                        10 * channels + taps + (masked ? 100 : 0) + (sums ? 200 : 0),
                        masked ? "masked" : "whole",
                        sums ? "Summed" : "",
                        channels,
                        taps,
                        sums ? ", sumsTo" : ""));
            methods.append(weightGradientBlock(channels, taps, masked, sums));
          }
        }
      }
    }
    return blocks(
        "WeightGradientBlocks",
        "VectorWeightGradient",
        "IntVector",
        run + cases + noSuchBlock("channels", "taps") + methods);
  }

  private static String weightGradientBlock(
      int channels, int taps, boolean masked, boolean sums) {
    String places =
        each(channels, d -> "    int y%1$dAt = yAt + %1$d * plane;\n".formatted(d))
            + each(taps, t -> "    int x%1$dAt = xAt + offsets[first + %1$d];\n".formatted(t));
    String at = "lanes, to + %1$d * toStep + %2$d * Lanes.COUNT + lane";
    String starts =
        eachPair(
            channels,
            taps,
            (d, t) ->
                ("      FloatVector s%1$d%2$d = FloatVector.fromArray(S, " + at + ");\n")
                    .formatted(d, t));
    String sumAt = "lanes, sumsTo + %1$d * Lanes.COUNT + lane";
    String sumStarts =
        each(
            sums ? channels : 0,
            d -> ("      FloatVector t%1$d = FloatVector.fromArray(S, " + sumAt + ");\n").formatted(d));
    String mask =
        """
                int behind = Math.max(0, i - end + last + Lanes.COUNT - width);
                IntVector mask = IntVector.fromArray(Lanes.INTS, Lanes.MASKS, behind);
        """;
    String cut = ".reinterpretAsInts().and(mask).reinterpretAsFloats()";
    String loads =
        each(
            taps,
            t ->
                "        FloatVector x%1$d = FloatVector.fromArray(S, x, x%1$dAt + j)%2$s;\n"
                    .formatted(t, masked ? cut : ""));
    String fmas =
        each(
            channels,
            d ->
                "        FloatVector y%1$d = FloatVector.fromArray(S, y, y%1$dAt + i);\n".formatted(d)
                    + (sums ? "        t%1$d = t%1$d.add(y%1$d);\n".formatted(d) : "")
                    + each(
                        taps,
                        t -> "        s%1$d%2$d = y%1$d.fma(x%2$d, s%1$d%2$d);\n".formatted(d, t)));
    String stores =
        eachPair(
            channels,
            taps,
            (d, t) -> ("      s%1$d%2$d.intoArray(" + at + ");\n").formatted(d, t));
    String sumStores =
        each(
            sums ? channels : 0,
            d -> ("      t%1$d.intoArray(" + sumAt + ");\n").formatted(d));
    return """

          private static void %1$s%10$s%2$dx%3$d(
              float[] y,
              int yAt,
              int plane,
              int yStep,
              float[] x,
              int xAt,
              int xStep,
              int[] offsets,
              int first,
              int rows,
              int width,
              float[] lanes,
              int to,
              int toStep%11$s) {
        %4$s    for (int lane = 0; lane < Lanes.COUNT; lane += L) {
        %5$s      int last = lane + (width - 1 - lane) / Lanes.COUNT * Lanes.COUNT;
              int end = last;
              int i = lane;
              int j = lane;
              for (int left = (last / Lanes.COUNT + 1) * rows; left > 0; left--) {
        %6$s%7$s%8$s        if (i == end) {
                  i += yStep - last + lane;
                  j += xStep - last + lane;
                  end += yStep;
                } else {
                  i += Lanes.COUNT;
                  j += Lanes.COUNT;
                }
              }
        %9$s    }
          }
        """
        .formatted(
            masked ? "masked" : "whole",
            channels,
            taps,
            places,
            starts + sumStarts,
            masked ? mask : "",
            loads,
            fmas,
            stores + sumStores,
            sums ? "Summed" : "",
            sums ? ", int sumsTo" : "");
  }

  /**
   * A file of blocks.
   *
   * @param user the class that calls them
   * @param vectorType what it needs of the vector API besides FloatVector and VectorSpecies
   */
  private static String blocks(String name, String user, String vectorType, String methods) {
    return """
        package dev.syncnorm.kernel;

        import jdk.incubator.vector.FloatVector;
        import jdk.incubator.vector.%3$s;
        import jdk.incubator.vector.VectorSpecies;

        // Written by GenerateBlocks.java, which says why.

        /** The innermost loops of {@link %2$s}. */
        final class %1$s {
          private static final VectorSpecies<Float> S = Lanes.FLOATS;
          private static final int L = Lanes.LENGTH;

          private %1$s() {}

        %4$s}
        """
        .formatted(name, user, vectorType, methods);
  }

  /** The end of the method that chooses a block. */
  private static String noSuchBlock(String rows, String columns) {
    return """
              default -> throw new IllegalArgumentException("no block of " + %s + " by " + %s);
            }
          }
        """
        .formatted(rows, columns);
  }

  private static String each(int count, IntFunction<String> line) {
    return IntStream.range(0, count).mapToObj(line).collect(Collectors.joining());
  }

  private interface PairFunction {
    String apply(int first, int second);
  }

  private static String eachPair(int firsts, int seconds, PairFunction line) {
    return each(firsts, first -> each(seconds, second -> line.apply(first, second)));
  }
}
