package dev.syncnorm.spark.ml;

import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.statistics.Measuring;
import dev.syncnorm.statistics.Contents.Content;
import dev.syncnorm.statistics.StatisticsAccumulator;
import dev.syncnorm.tensor.Digests;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;

/**
 * Measures the images of a partition of rows (content, path, group, name). An image without a name
 * that it needs is told by the result: Spark would repeat a task that fails.
 *
 * @param digest whether images are hashed
 */
record MeasurePartition(Measuring measuring, boolean digest)
    implements FlatMapFunction<Iterator<Row>, MeasuredRows> {

  /** What a rejected image without a path is listed by. */
  private static final String NO_PATH = "(no path)";

  @Override
  public Iterator<MeasuredRows> call(Iterator<Row> rows) {
    TaskMeter meter = TaskMeter.ofThisTask(measuring);
    StatisticsAccumulator sums = new StatisticsAccumulator();
    while (rows.hasNext()) {
      Row row = rows.next();
      byte[] file = row.getAs(0);
      Optional<String> path = Optional.ofNullable(row.getString(1));
      Optional<String> group = Optional.ofNullable(row.getString(2));
      try {
        if (file == null) {
          throw new BadImageException(BadImageCause.EMPTY, "the content is null");
        }
        sums.accept(file.length, meter.measure(file), group);
        if (digest && row.isNullAt(3)) {
          return List.of(MeasuredRows.failed(nameless(path.orElse(NO_PATH)))).iterator();
        }
        if (digest) {
          sums.note(new Content(row.getString(3), Digests.sha256().digest(file)));
        }
      } catch (BadImageException e) {
        sums.reject(Rejection.of(path.orElse(NO_PATH), e));
      }
    }
    return List.of(MeasuredRows.of(sums.part())).iterator();
  }

  private static String nameless(String path) {
    return "the image %s has no name for the digest; expected a column that is null for no good image"
        .formatted(path);
  }
}
