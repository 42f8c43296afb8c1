package dev.syncnorm.testing;

/** The seed network's model at any size, as conf/seed.conf writes it. */
public final class SeedNetwork {

  private SeedNetwork() {}

  /** The contents of {@code model}. */
  public static String model(int height, int width) {
    return """
        input  = { channels = 3, height = %d, width = %d }
        layers = [
          { name = conv1,  type = conv, filters = 16, kernel = 3, padding = same }
          { name = bn1,    type = batch-norm, decay = 0.9, epsilon = 1e-5 }
          { name = conv2,  type = conv, filters = 3, kernel = 3, padding = same }
          { name = bn2,    type = batch-norm, decay = 0.9, epsilon = 1e-5 }
          { name = output, type = add, inputs = [bn2, input] }
        ]
        loss = mean-squared-error
        """
        .formatted(height, width);
  }
}
