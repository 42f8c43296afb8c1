package dev.syncnorm.spark.training;

import dev.syncnorm.data.ByteSource;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.DecodedImage;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelConversion;
import dev.syncnorm.image.PngEncoder;
import dev.syncnorm.image.Resize;
import dev.syncnorm.kernel.Backend;
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
  private final Backend backend;
  private final PixelConversion conversion;

  Previews(TrainConfiguration configuration, ByteSource source, Backend backend) {
    this.configuration = configuration;
    this.source = source;
    this.backend = backend;
    this.conversion = configuration.data().pixels().conversion();
  }

  /** Checks that pictures can be made of all images: the last ones are made after the training. */
  void check() throws TrainingException {
    image("before", configuration.preview().before());
    image("after", configuration.preview().after());
    image("test", configuration.preview().test());
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
    Optional<DecodedImage> decoded = image(name, path);
    if (decoded.isEmpty()) {
      return;
    }
    int height = configuration.data().height();
    int width = configuration.data().width();
    float[] input = new float[configuration.network().input().size()];
    conversion.toPlanar(Resize.bilinear(decoded.get(), width, height), input, 0);
    float[] output =
        new Inference(configuration.network(), backend).output(state.parameters(), input);
    run.writePicture(
        name + ".png", PngEncoder.encode(conversion.toImage(output, 0, width, height)));
  }

  private Optional<DecodedImage> image(String name, Optional<String> path)
      throws TrainingException {
    if (path.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(new ImageDecoder().decode(source.read(path.get())));
    } catch (IOException | BadImageException e) {
      throw new TrainingException(
          "preview.%s is %s, which can't be made a picture of: %s; expected an image"
              .formatted(name, path.get(), e.getMessage()),
          e);
    }
  }
}
