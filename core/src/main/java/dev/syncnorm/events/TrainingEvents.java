package dev.syncnorm.events;

import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.ImageHeader;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.Optimizer;
import dev.syncnorm.training.RunFolder;
import dev.syncnorm.training.TrainingException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.InstantSource;
import java.util.Optional;

/**
 * Writes a training's event file into the events folder of its run: loss, learning rate and images
 * per second of each step, histograms of the moving statistics at the end of each epoch, pictures.
 * Used by one thread.
 */
public final class TrainingEvents {

  private final RunFolder run;
  private final Network network;
  private final Optimizer optimizer;
  private final EventFile file;

  /**
   * Begins the file.
   *
   * @param firstStep the step, from 1, that training goes on with
   */
  public TrainingEvents(
      RunFolder run, Network network, Optimizer optimizer, long firstStep, InstantSource clock)
      throws TrainingException {
    this.run = run;
    this.network = network;
    this.optimizer = optimizer;
    try {
      this.file = new EventFile(run.folder(), host(), firstStep, clock);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** Writes a committed step. */
  public void committed(CommittedStep step, double seconds) throws TrainingException {
    Summary summary =
        new Summary().scalar("loss", step.loss()).scalar("learning_rate", optimizer.learningRate());
    if (seconds > 0) {
      summary.scalar("images_per_second", step.images() / seconds);
    }
    if (step.endsEpoch()) {
      ParameterTable table = network.parameters();
      network
          .batchNorms()
          .forEach(
              (node, norm) -> {
                float[][] own = table.ofNode(step.state().parameters(), node);
                summary.histogram(norm.name() + "/moving_mean", own[BatchNorm.MOVING_MEAN]);
                summary.histogram(norm.name() + "/moving_variance", own[BatchNorm.MOVING_VARIANCE]);
              });
    }
    write(step.step(), summary);
  }

  /**
   * Writes those of the run's pictures that there are.
   *
   * @param step the number of steps that the network which made them has done
   * @param names such as {@code before}
   */
  public void pictures(long step, String... names) throws TrainingException {
    for (String name : names) {
      Optional<byte[]> png = run.picture(name + ".png");
      if (png.isEmpty()) {
        continue;
      }
      try {
        ImageHeader header = ImageHeader.read(png.get());
        write(
            step,
            new Summary().picture("preview/" + name, header.width(), header.height(), png.get()));
      } catch (BadImageException e) {
        throw new TrainingException(
            "%s can't be read: %s"
                .formatted(run.folder().path("images/" + name + ".png"), e.getMessage()),
            e);
      }
    }
  }

  private void write(long step, Summary summary) throws TrainingException {
    try {
      file.write(step, summary);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** Returns when the storage has all that was written. */
  public void sync() throws TrainingException {
    try {
      file.sync();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private TrainingException unwritable(IOException e) {
    return new TrainingException(
        "%s can't be written: %s %s; the checkpoints before it are whole"
            .formatted(
                run.folder().path("events"),
                e.getClass().getSimpleName().replace("Exception", ""),
                e.getMessage()),
        e);
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName().replaceAll("[^A-Za-z0-9-]", "_");
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
