package dev.syncnorm.spark.statistics;

import dev.syncnorm.data.DecodeLimit;
import dev.syncnorm.data.LimitedCalls;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.dataset.BadInput.Policy;
import dev.syncnorm.spark.dataset.EncodedImage;
import dev.syncnorm.spark.dataset.HostReads;
import dev.syncnorm.spark.dataset.ImageInputs;
import dev.syncnorm.spark.dataset.ImageIterator;
import dev.syncnorm.spark.dataset.QuarantineStage;
import dev.syncnorm.spark.statistics.MeasuredPart.StagedCopy;
import dev.syncnorm.statistics.Contents.Content;
import dev.syncnorm.statistics.ImageSums;
import dev.syncnorm.statistics.StatisticsAccumulator;
import dev.syncnorm.tensor.Digests;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Measures the images of a partition on an executor, one at a time. While one is decoded, the next
 * is read and hashed, so that the decoding thread always has one to go on with.
 *
 * @param hadoop for the quarantine
 * @param limit of decodes, one for all tasks of an executor
 * @param digest whether images are hashed
 * @param groupByParent whether each folder has sums of its own
 * @param failing whether a task is to end with its first bad image
 * @param quarantine where bad images are copied to, or empty for nowhere
 */
record MeasureTask(
    Broadcast<SerializableConfiguration> hadoop,
    Broadcast<DecodeLimit> limit,
    MakesMeter meters,
    boolean digest,
    boolean groupByParent,
    boolean failing,
    String quarantine)
    implements ImageInputs.PartitionFunction<MeasuredPart> {

  /** A bad image can't be copied; the message is a whole line. */
  private static final class UnwritableException extends IOException {
    private static final long serialVersionUID = 1;

    UnwritableException(String message) {
      super(message);
    }
  }

  /** Measures one image after another on one thread. */
  interface Meter extends AutoCloseable {
    /**
     * Decodes and sums.
     *
     * @throws BadImageException if the file is bad
     */
    ImageSums measure(byte[] file) throws BadImageException;

    @Override
    void close();
  }

  /** Makes what measures, on the thread of an executor that will use it. */
  interface MakesMeter extends Serializable {
    Meter make();
  }

  /** One that is decoded, and one that waits for it. */
  private static final int MOST_UNDER_WAY = 2;

  static MeasureTask of(
      SparkSession session, StatisticsJob.Request request, String quarantine, MakesMeter meters) {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    return new MeasureTask(
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration())),
        spark.broadcast(
            new DecodeLimit("--decode-timeout", request.measuring().decodeTimeoutSeconds())),
        meters,
        request.digest(),
        request.groupByParent(),
        request.badInput().policy() == Policy.FAIL,
        quarantine);
  }

  @Override
  public Iterator<MeasuredPart> call(ImageIterator images) throws IOException {
    return List.of(new Run(images).part()).iterator();
  }

  /** One run of the task. */
  private final class Run {
    private final ImageIterator images;
    private final TaskContext context = TaskContext.get();
    private final StatisticsAccumulator sums = new StatisticsAccumulator();
    private final List<StagedCopy> staged = new ArrayList<>();
    private final Deque<Measured> underWay = new ArrayDeque<>();
    private HostReads reads;
    private boolean bad;

    Run(ImageIterator images) {
      this.images = images;
      this.reads = HostReads.none(images.host());
    }

    MeasuredPart part() throws IOException {
      String failure = "";
      try (LimitedCalls<Meter, ImageSums> meter =
          new LimitedCalls<>(meters::make, Meter::measure, limit.value())) {
        measureAll(meter);
      } catch (DecodeLimit.ExceededException | UnwritableException e) {
        // Told by the result: Spark would repeat a task that fails, wait as long again, and print a
        // stack trace each time.
        failure = e.getMessage();
      }
      return new MeasuredPart(sums.part(), reads, images.passedOver(), staged, failure);
    }

    private void measureAll(LimitedCalls<Meter, ImageSums> meter) throws IOException {
      while (!done() && images.hasNext()) {
        if (context.isInterrupted()) {
          throw new TaskKilledException("the job was stopped");
        }
        EncodedImage image = images.next();
        reads = reads.plus(image);
        if (image.rejection().isPresent()) {
          reject(image, image.rejection().get());
          continue;
        }
        underWay.add(new Measured(image, digest ? Digests.sha256().digest(image.bytes()) : null));
        meter.start(image.bytes());
        if (underWay.size() == MOST_UNDER_WAY) {
          finishFirst(meter);
        }
      }
      while (!done() && !underWay.isEmpty()) {
        finishFirst(meter);
      }
    }

    private boolean done() {
      return failing && bad;
    }

    private void finishFirst(LimitedCalls<Meter, ImageSums> meter) throws IOException {
      Measured first = underWay.remove();
      try {
        accept(first, meter.await());
      } catch (BadImageException e) {
        reject(first.image(), Rejection.of(first.image().path(), e));
      }
    }

    private void accept(Measured measured, ImageSums image) {
      EncodedImage file = measured.image();
      sums.accept(
          file.bytes().length,
          image,
          groupByParent ? Optional.of(file.parent()) : Optional.empty());
      if (digest) {
        sums.note(new Content(file.name(), measured.sha256()));
      }
    }

    private void reject(EncodedImage image, Rejection rejection) throws IOException {
      bad = true;
      sums.reject(rejection);
      // A file without bytes is copied too, but not what could not be read.
      if (!quarantine.isEmpty() && image.rejection().isEmpty()) {
        staged.add(new StagedCopy(rejection, image.name(), copy(image)));
      }
    }

    private String copy(EncodedImage image) throws UnwritableException {
      try {
        return new QuarantineStage(hadoop.value().value(), quarantine)
            .put(image.path(), image.bytes(), Long.toString(context.taskAttemptId()));
      } catch (IOException e) {
        throw new UnwritableException(QuarantineFolder.unwritable(quarantine, e));
      }
    }
  }

  /** An image that is being measured, and its hash if that is wanted. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Measured(EncodedImage image, byte[] sha256) {}
}
