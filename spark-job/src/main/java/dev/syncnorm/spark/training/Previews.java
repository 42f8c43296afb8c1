package dev.syncnorm.spark.training;

import dev.syncnorm.data.ByteSource;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.DecodedImage;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelConversion;
import dev.syncnorm.image.PngEncoder;
import dev.syncnorm.image.Resize;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.training.Inference;
import dev.syncnorm.training.RunFolder;
import dev.syncnorm.training.TrainConfiguration;
import dev.syncnorm.training.TrainingException;
import dev.syncnorm.training.TrainingState;
import java.io.IOException;
import java.util.Optional;

/** The pictures of a run: images through the network at test time. */
final class Previews {

  private final TrainConfiguration configuration;
  private final ByteSource source;
  private final Kernels kernels;
  private final PixelConversion conversion;

  Previews(TrainConfiguration configuration, ByteSource source, Kernels kernels) {
    this.configuration = configuration;
    this.source = source;
    this.kernels = kernels;
    this.conversion =
        new PixelConversion(configuration.data().order(), configuration.data().scale());
  }

  /** Writes before.png by the network as initialised. */
  void writeBefore(RunFolder run, TrainingState state) throws TrainingException {
    write(run, "before", configuration.preview().before(), state);
  }

  /** Writes after.png and test.png by the trained network. */
  void writeAfter(RunFolder run, TrainingState state) throws TrainingException {
    write(run, "after", configuration.preview().after(), state);
    write(run, "test", configuration.preview().test(), state);
  }

  private void write(RunFolder run, String name, Optional<String> path, TrainingState state)
      throws TrainingException {
    if (path.isEmpty()) {
      return;
    }
    int height = configuration.data().height();
    int width = configuration.data().width();
    byte[] png;
    try {
      DecodedImage image =
          Resize.bilinear(new ImageDecoder().decode(source.read(path.get())), width, height);
      float[] input = new float[configuration.network().input().size()];
      conversion.toPlanar(image, input, 0);
      float[] output =
          new Inference(configuration.network(), kernels).output(state.parameters(), input);
      png = PngEncoder.encode(conversion.toImage(output, 0, width, height));
    } catch (IOException | BadImageException e) {
      throw new TrainingException(
          "preview.%s is %s, which can't be made a picture of: %s"
              .formatted(name, path.get(), e.getMessage()),
          e);
    }
    run.writePicture(name + ".png", png);
  }
}
