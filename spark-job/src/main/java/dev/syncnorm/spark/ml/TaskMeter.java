package dev.syncnorm.spark.ml;

import dev.syncnorm.data.DecodeLimit;
import dev.syncnorm.data.LimitedCalls;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.spark.statistics.Measuring;
import dev.syncnorm.statistics.ImageMeter;
import dev.syncnorm.statistics.ImageSums;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/** Measures the images of one task, one after another; closed with the task. */
final class TaskMeter {

  private final LimitedCalls<ImageMeter, ImageSums> meter;

  private TaskMeter(LimitedCalls<ImageMeter, ImageSums> meter) {
    this.meter = meter;
  }

  /** A meter for the task that runs on this thread, with a limit of its own for slow decodes. */
  static TaskMeter ofThisTask(Measuring measuring) {
    DecodeLimit limit = new DecodeLimit("decode-timeout", measuring.decodeTimeoutSeconds());
    LimitedCalls<ImageMeter, ImageSums> meter =
        new LimitedCalls<>(measuring::meter, ImageMeter::measure, limit);
    TaskContext task = TaskContext.get();
    if (task != null) { // there is none where the driver folds constants
      TaskCompletionListener close = ended -> meter.close();
      task.addTaskCompletionListener(close);
    }
    return new TaskMeter(meter);
  }

  /**
   * The sums of one image.
   *
   * @throws DecodeLimit.ExceededException if so many decodes of this task hang that it has to fail
   */
  ImageSums measure(byte[] file) throws BadImageException {
    meter.start(file);
    return meter.await();
  }
}
