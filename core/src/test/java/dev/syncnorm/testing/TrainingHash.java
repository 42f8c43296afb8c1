package dev.syncnorm.testing;

import dev.syncnorm.kernel.Backend;
import java.util.Random;

/**
 * Trains a small network and prints the SHA-256 of the model and the optimizer: a program of its
 * own, so that tests can run it in other JVMs with other options. Arguments: backend, workers.
 */
public final class TrainingHash {

  private TrainingHash() {}

  /** Prints the hash, or the reason why the backend refuses, which ends with exit code 1. */
  public static void main(String[] arguments) {
    try {
      Backend backend = Backend.valueOf(arguments[0]);
      int workers = Integer.parseInt(arguments[1]);
      System.out.println(hash(backend, workers, 1));
    } catch (IllegalStateException e) {
      System.out.println(e.getMessage());
      System.exit(1);
    }
  }

  /**
   * The seed network with a second branch, two epochs on nine images in batches of seven: some
   * extents have tails at every vector width, planes have a block of 512 pixels and one of a single
   * pixel.
   */
  public static String hash(Backend backend, int workers, int threads) {
    return training(backend).workers(workers, threads).run().sha256();
  }

  /** The training of that hash. */
  public static InProcessTraining training(Backend backend) {
    backend.create();
    int height = 19;
    int width = 27;
    Random random = new Random(5);
    float[][] x = new float[9][3 * height * width];
    float[][] y = new float[9][3 * height * width];
    for (int n = 0; n < x.length; n++) {
      for (int i = 0; i < x[n].length; i++) {
        x[n][i] = random.nextFloat();
        y[n][i] = random.nextFloat();
      }
    }
    String model =
        """
        input  = { channels = 3, height = 19, width = 27 }
        layers = [
          { name = conv1,  type = conv, filters = 4, kernel = 3 }
          { name = bn1,    type = batch-norm }
          { name = wide,   type = conv, filters = 6, kernel = 3, dilation = 2, groups = 2 }
          { name = left,   type = conv, filters = 3, kernel = 1 }
          { name = bn2,    type = batch-norm, convention = torch }
          { name = right,  type = conv, filters = 3, kernel = 5, inputs = [bn1] }
          { name = bn3,    type = batch-norm, convention = { rule = zero-debiased } }
          { name = output, type = add, inputs = [bn2, bn3, input] }
        ]
        """;
    return InProcessTraining.of(model)
        .samples(x, y)
        .batchSize(7)
        .epochs(2)
        .shuffled()
        .backend(backend);
  }
}
