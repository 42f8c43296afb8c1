package dev.syncnorm.events;

import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.network.Network;
import dev.syncnorm.storage.LocalFolder;
import dev.syncnorm.testing.TinyTraining;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.RunDescription;
import dev.syncnorm.training.RunFolder;
import dev.syncnorm.training.TrainingException;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/** A training of six steps in three epochs with its events, and what they should hold. */
record WrittenEvents(TinyTraining training, List<CommittedStep> steps, Path run) {

  static final Instant NOW = Instant.ofEpochSecond(1_700_000_000, 250_000_000);

  /** Each step takes that long, so a step of two images gives 8 images per second. */
  static final double SECONDS = 0.25;

  static WrittenEvents write(Path folder) throws Exception {
    TinyTraining training = TinyTraining.of(4, 2, 3, false);
    List<CommittedStep> steps = training.sequentialRun();
    RunFolder run = run(training, folder);
    BufferedImage picture = new BufferedImage(6, 4, BufferedImage.TYPE_INT_RGB);
    picture.setRGB(2, 1, 0xff8000);
    ImageIO.write(picture, "png", folder.resolve("images/before.png").toFile());
    picture.setRGB(3, 2, 0x0080ff);
    ImageIO.write(picture, "png", folder.resolve("images/after.png").toFile());
    TrainingEvents events =
        new TrainingEvents(
            run, training.plan().network(), training.optimizer(), 1, InstantSource.fixed(NOW));
    events.pictures(0, "before");
    for (CommittedStep step : steps) {
      events.committed(step, SECONDS);
    }
    events.pictures(6, "after", "test");
    return new WrittenEvents(training, steps, folder);
  }

  /** A run folder without any events. */
  static RunFolder run(TinyTraining training, Path folder) throws TrainingException {
    RunDescription run =
        new RunDescription(training.plan(), training.optimizer(), training.schedule(), "", "", 1);
    return RunFolder.create(new LocalFolder(folder), run, new byte[0]);
  }

  /** The one event file. */
  Path file() throws Exception {
    try (Stream<Path> files = Files.list(run.resolve("events"))) {
      List<Path> all = files.toList();
      if (all.size() != 1) {
        throw new IllegalStateException("expected one file: " + all);
      }
      return all.get(0);
    }
  }

  /** The moving statistics of a batch norm after a step. */
  float[] moving(long step, String layer, int parameter) {
    Network network = training.plan().network();
    for (int node = 0; node < network.nodes().size(); node++) {
      if (network.nodes().get(node).layer() instanceof BatchNorm norm
          && norm.name().equals(layer)) {
        float[][] parameters = steps.get((int) step - 1).state().parameters();
        return network.parameters().ofNode(parameters, node)[parameter];
      }
    }
    throw new IllegalArgumentException(layer);
  }
}
