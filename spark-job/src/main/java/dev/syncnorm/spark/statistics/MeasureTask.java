package dev.syncnorm.spark.statistics;

import dev.syncnorm.data.DecodeLimit;
import dev.syncnorm.data.LimitedThread;
import dev.syncnorm.data.LimitedThread.Work;
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
import java.util.ArrayList;
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
 * is read and hashed.
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

  /** Makes what measures, on the executor. */
  interface MakesMeter extends Serializable {
    Work<ImageSums> make();
  }

  static MeasureTask of(
      SparkSession session, StatisticsJob.Request request, String quarantine, MakesMeter meters) {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    return new MeasureTask(
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration())),
        spark.broadcast(
            new DecodeLimit(request.measuring().decodeTimeoutSeconds(), "--decode-timeout")),
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
    private HostReads reads;
    private boolean bad;

    Run(ImageIterator images) {
      this.images = images;
      this.reads = HostReads.none(images.host());
    }

    MeasuredPart part() throws IOException {
      String failure = "";
      try (LimitedThread<ImageSums> meter = new LimitedThread<>(meters::make, limit.value())) {
        measureAll(meter);
      } catch (DecodeLimit.ExceededException e) {
        // Told by the result: Spark would repeat a task that fails, and wait as long again.
        failure = e.getMessage();
      }
      return new MeasuredPart(sums.part(), reads, images.otherMembers(), staged, failure);
    }

    private void measureAll(LimitedThread<ImageSums> meter) throws IOException {
      Measured underWay = null;
      while (!(failing && bad) && images.hasNext()) {
        if (context.isInterrupted()) {
          throw new TaskKilledException("the job was stopped");
        }
        EncodedImage image = images.next();
        reads = reads.plus(image);
        if (image.rejection().isPresent()) {
          reject(image, image.rejection().get());
          continue;
        }
        Measured next = new Measured(image, digest ? Digests.sha256().digest(image.bytes()) : null);
        Optional<ImageSums> done = result(meter, underWay);
        if (done.isPresent()) {
          // The next decode before anything else, so that its thread need not wait.
          meter.begin(image.bytes());
          accept(underWay, done.get());
        } else if (!(failing && bad)) {
          meter.begin(image.bytes());
        }
        underWay = next;
      }
      Measured last = underWay;
      if (meter.busy()) {
        result(meter, last).ifPresent(done -> accept(last, done));
      }
    }

    /** Waits for the image under way; empty if there is none or it is bad. */
    private Optional<ImageSums> result(LimitedThread<ImageSums> meter, Measured underWay)
        throws IOException {
      if (!meter.busy()) {
        return Optional.empty();
      }
      try {
        return Optional.of(meter.result());
      } catch (BadImageException e) {
        reject(underWay.image(), Rejection.of(underWay.image().path(), e));
        return Optional.empty();
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
        String name =
            new QuarantineStage(hadoop.value().value(), quarantine)
                .put(image.path(), image.bytes(), Long.toString(context.taskAttemptId()));
        staged.add(new StagedCopy(rejection, image.name(), name));
      }
    }
  }

  /** An image that is being measured, and its hash if that is wanted. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Measured(EncodedImage image, byte[] sha256) {}
}
