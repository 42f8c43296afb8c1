package dev.syncnorm.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.image.ChannelOrder;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelConversion;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.testing.ImageFiles;
import dev.syncnorm.testing.InProcessTraining;
import dev.syncnorm.training.Samples;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Training with mean and std, against the same on pixels that the JDK decodes and that are
 * normalised in decimal arithmetic.
 */
class NormalisedSamplesTest {

  private static final int PAIRS = 5;
  private static final int HEIGHT = 6;
  private static final int WIDTH = 8;
  private static final List<Double> RED_GREEN_BLUE_MEAN = List.of(0.485, 0.456, 0.406);
  private static final List<Double> RED_GREEN_BLUE_STD = List.of(0.229, 0.224, 0.225);

  /** The seed network made small: its input is added to its output. */
  private static final String MODEL =
      """
      input { height = 6, width = 8 }
      layers = [
        { name = conv1,  type = conv, filters = 4, kernel = 3 }
        { name = bn1,    type = batch-norm }
        { name = conv2,  type = conv, filters = 3, kernel = 3 }
        { name = bn2,    type = batch-norm }
        { name = output, type = add, inputs = [bn2, input] }
      ]
      """;

  private final Map<String, byte[]> files = new HashMap<>();
  private final DataIndex index = index();

  @ParameterizedTest
  @EnumSource(ChannelOrder.class)
  void aTrainingIsThatOnValuesThatWereNormalisedBefore(ChannelOrder order) throws IOException {
    float[][] inputs = byHand("in/", order);
    float[][] targets = byHand("out/", order);

    InProcessTraining.Run expected = run(InProcessTraining.of(MODEL).samples(inputs, targets), 1);
    InProcessTraining.Run actual =
        run(InProcessTraining.of(MODEL).samples(PAIRS, samples(order)), 1);

    assertThat(actual.losses()).isEqualTo(expected.losses());
    assertThat(actual.sha256()).isEqualTo(expected.sha256());
  }

  @Test
  void anyNumberOfWorkersGivesTheSameBits() {
    List<String> digests = new ArrayList<>();
    for (int workers : new int[] {1, 2, 3, 5}) {
      InProcessTraining training =
          InProcessTraining.of(MODEL).samples(PAIRS, samples(ChannelOrder.BGR));
      digests.add(run(training, workers).sha256());
    }
    assertThat(digests.stream().distinct()).hasSize(1);
  }

  private static InProcessTraining.Run run(InProcessTraining training, int workers) {
    return training.batchSize(3).epochs(3).backend(Backend.REFERENCE).workers(workers, 2).run();
  }

  private Samples samples(ChannelOrder order) {
    return new PairSamples(
        index,
        files::get,
        new PixelConversion(
            order, 255, inOrder(RED_GREEN_BLUE_MEAN, order), inOrder(RED_GREEN_BLUE_STD, order)),
        HEIGHT,
        WIDTH,
        1 << 20);
  }

  private static List<Double> inOrder(List<Double> rgb, ChannelOrder order) {
    return order == ChannelOrder.RGB ? rgb : List.of(rgb.get(2), rgb.get(1), rgb.get(0));
  }

  private float[][] byHand(String folder, ChannelOrder order) throws IOException {
    float[][] images = new float[PAIRS][3 * HEIGHT * WIDTH];
    for (int i = 0; i < PAIRS; i++) {
      BufferedImage picture = ImageIO.read(new ByteArrayInputStream(files.get(folder + i)));
      for (int colour = 0; colour < 3; colour++) {
        int plane = order == ChannelOrder.RGB ? colour : 2 - colour;
        for (int pixel = 0; pixel < HEIGHT * WIDTH; pixel++) {
          int rgb = picture.getRGB(pixel % WIDTH, pixel / WIDTH);
          images[i][plane * HEIGHT * WIDTH + pixel] =
              new BigDecimal(rgb >> 16 - 8 * colour & 0xff)
                  .divide(BigDecimal.valueOf(255), MathContext.DECIMAL128)
                  .subtract(BigDecimal.valueOf(RED_GREEN_BLUE_MEAN.get(colour)))
                  .divide(
                      BigDecimal.valueOf(RED_GREEN_BLUE_STD.get(colour)), MathContext.DECIMAL128)
                  .floatValue();
        }
      }
    }
    return images;
  }

  private DataIndex index() {
    ImageScan scan = new ImageScan(files::get, new ImageDecoder()::decode);
    List<DataIndex.Pair> pairs = new ArrayList<>();
    for (int i = 0; i < PAIRS; i++) {
      pairs.add(new DataIndex.Pair(image(scan, "in/" + i, i), image(scan, "out/" + i, 10 + i)));
    }
    return new DataIndex(pairs, List.of());
  }

  private DataIndex.Image image(ImageScan scan, String path, long seed) {
    files.put(path, ImageFiles.encode(ImageFiles.picture(WIDTH, HEIGHT, seed), "png"));
    return ((Scanned.Good) scan.scan(path)).image();
  }
}
