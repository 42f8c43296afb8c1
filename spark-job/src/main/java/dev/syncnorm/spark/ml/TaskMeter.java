package dev.syncnorm.spark.ml;

import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.statistics.ImageMeter;
import dev.syncnorm.statistics.ImageSums;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/** Measures the images of one task, on the task's thread; it is closed with the task. */
final class TaskMeter {

  private final ImageMeter meter;

  private TaskMeter(ImageMeter meter) {
    this.meter = meter;
  }

  /** A meter for the task that runs on this thread. */
  static TaskMeter ofThisTask(MomentOptions options, boolean histograms) {
    ImageMeter meter = new ImageMeter(new ImageDecoder(), options.pixels(), histograms);
    TaskContext task = TaskContext.get();
    if (task != null) { // it is null where the driver folds constants
      TaskCompletionListener close = ended -> meter.close();
      task.addTaskCompletionListener(close);
    }
    return new TaskMeter(meter);
  }

  /** The sums of one image. */
  ImageSums measure(byte[] file) throws BadImageException {
    return meter.measure(file);
  }
}
