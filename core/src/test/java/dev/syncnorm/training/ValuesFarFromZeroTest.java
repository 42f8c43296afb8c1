package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.testing.InProcessTraining;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Images of 151 +- 0.1, whose first convolution does not normalise its own output but has the batch
 * norm do it in place, with and without rewrites. Both lose what lies below 2^-24 of a sum of 27
 * values of 151, which is 1e-4 of its standard deviation; a batch norm left out would be off by 1.
 */
class ValuesFarFromZeroTest {

  private static final String MODEL =
      """
      input = { channels = 3, height = 12, width = 20 }
      layers = [
        { name = conv1, type = conv, filters = 5, kernel = 3, padding = valid }
        { name = bn1, type = batch-norm }
        %s
        { name = conv2, type = conv, filters = 2, kernel = 3, padding = valid }
        { name = bn2, type = batch-norm }
      ]
      loss = mean-squared-error
      """;

  @ParameterizedTest
  @EnumSource(Backend.class)
  void rewritesAgreeWithTheGeneralPath(Backend backend) {
    assumeTrue(backend.unavailable().isEmpty());
    for (String rectifier : new String[] {"", "{ name = relu, type = relu }"}) {
      InProcessTraining.Run rewritten = training(backend, rectifier).run();
      InProcessTraining.Run general = training(backend, rectifier).withoutRewrites().run();

      assertThat(rewritten.losses()[0]).isCloseTo(general.losses()[0], within(1e-3));
    }
  }

  private static InProcessTraining training(Backend backend, String rectifier) {
    Random random = new Random(8);
    float[][] images = new float[4][3 * 12 * 20];
    float[][] targets = new float[4][2 * 8 * 16];
    for (int i = 0; i < images.length; i++) {
      for (int k = 0; k < images[i].length; k++) {
        images[i][k] = (float) (151 + 0.1 * random.nextGaussian());
      }
      for (int k = 0; k < targets[i].length; k++) {
        targets[i][k] = (float) random.nextGaussian();
      }
    }
    return InProcessTraining.of(MODEL.formatted(rectifier))
        .samples(images, targets)
        .backend(backend)
        .workers(1, 1);
  }
}
