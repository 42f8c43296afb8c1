package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.configuration.ConfigurationFile;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.DecodedImage;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelConversion;
import dev.syncnorm.image.Resize;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.testing.Float64Network;
import dev.syncnorm.testing.Float64Training;
import dev.syncnorm.testing.InProcessTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The repository's seed configuration on its own photographs, five epochs, against the same run in
 * float64 from the same starting weights: loss and moving variances agree to 1e-5 relative, moving
 * means to 1e-5 of the channel's standard deviation, as the documentation promises.
 */
class SampleImagesTest {

  private static final double PROMISE = 1e-5;
  private static final Path ROOT = Path.of("..");

  private static TrainConfiguration configuration;
  private static float[][] inputs;
  private static float[][] targets;
  private static List<Float64Training.Step> expected;

  @BeforeAll
  static void trainInFloat64() throws ConfigurationException, IOException, BadImageException {
    configuration =
        TrainConfiguration.read(
            ConfigurationFile.load(StoredFile.local(ROOT.resolve("conf/seed.conf")), List.of()),
            path -> ROOT.resolve(path).toString());
    inputs = images(configuration.data().input());
    targets = images(configuration.data().target());
    InProcessTraining training = training();
    Map<String, double[]> initial = new LinkedHashMap<>();
    List<ParameterTable.Entry> entries = training.plan().parameters().entries();
    for (int i = 0; i < entries.size(); i++) {
      float[] values = training.initialState().parameters()[i];
      initial.put(entries.get(i).name(), Float64Network.widened(values));
    }
    Float64Training oracle =
        new Float64Training(Float64Training.seedNetwork(512, 512), 1e-3, 0.9, initial);
    double[][] x = Float64Network.widened(inputs);
    double[][] y = Float64Network.widened(targets);
    expected = new ArrayList<>();
    for (int epoch = 0; epoch < 5; epoch++) {
      expected.add(oracle.step(x, y));
    }
  }

  /** The naive backend is for small inputs. */
  static Stream<Backend> backends() {
    return Stream.of(Backend.values())
        .filter(b -> b != Backend.REFERENCE && b.unavailable().isEmpty());
  }

  @ParameterizedTest
  @MethodSource("backends")
  void fiveEpochsAgreeWithFloat64(Backend backend, TestReporter reporter) {
    InProcessTraining.Run run = training().backend(backend).workers(2, 1).run();
    assertThat(run.steps()).hasSize(5);
    double worstLoss = 0;
    double worstMean = 0;
    double worstVariance = 0;
    for (int step = 0; step < 5; step++) {
      Map<String, double[]> parameters = expected.get(step).parameters();
      double loss = expected.get(step).loss();
      worstLoss = Math.max(worstLoss, Math.abs(run.losses()[step] - loss) / loss);
      for (String norm : List.of("bn1", "bn2")) {
        float[] mean = run.parameter(step, norm + ".moving_mean");
        float[] variance = run.parameter(step, norm + ".moving_variance");
        for (int c = 0; c < mean.length; c++) {
          double expectedVariance = parameters.get(norm + ".moving_variance")[c];
          double expectedMean = parameters.get(norm + ".moving_mean")[c];
          worstVariance =
              Math.max(worstVariance, Math.abs(variance[c] - expectedVariance) / expectedVariance);
          worstMean =
              Math.max(worstMean, Math.abs(mean[c] - expectedMean) / Math.sqrt(expectedVariance));
        }
      }
    }
    reporter.publishEntry(
        backend.label(),
        "loss %.2e, moving variance %.2e, moving mean %.2e"
            .formatted(worstLoss, worstVariance, worstMean));
    assertThat(worstLoss).as("loss").isLessThan(PROMISE);
    assertThat(worstVariance).as("moving variances").isLessThan(PROMISE);
    assertThat(worstMean).as("moving means in standard deviations").isLessThan(PROMISE);
  }

  @Test
  void theSamplesAreFourPairsThatBecomeTheModelsInput() {
    assertThat(inputs).hasDimensions(4, 3 * 512 * 512);
    assertThat(targets).hasDimensions(4, 3 * 512 * 512);
    for (float[] target : targets) {
      for (int i = 0; i < 512 * 512; i++) {
        if (target[i] != target[i + 512 * 512] || target[i] != target[i + 2 * 512 * 512]) {
          throw new AssertionError("a target is not grey at pixel " + i);
        }
      }
    }
  }

  private static InProcessTraining training() {
    return InProcessTraining.of(configuration.network())
        .samples(inputs, targets)
        .batchSize(configuration.train().batchSize())
        .epochs(configuration.train().epochs())
        .optimizer(configuration.train().optimizer());
  }

  private static float[][] images(String folder) throws IOException, BadImageException {
    List<Path> files;
    try (Stream<Path> all = Files.list(Path.of(folder))) {
      files = all.sorted().toList();
    }
    TrainConfiguration.Data data = configuration.data();
    PixelConversion conversion = data.pixels().conversion();
    float[][] images = new float[files.size()][3 * data.height() * data.width()];
    for (int i = 0; i < images.length; i++) {
      DecodedImage image = new ImageDecoder().decode(Files.readAllBytes(files.get(i)));
      conversion.toPlanar(Resize.bilinear(image, data.width(), data.height()), images[i], 0);
    }
    return images;
  }
}
