package dev.syncnorm.spark.cli;

import dev.syncnorm.spark.dataset.ImageInputs;
import dev.syncnorm.spark.statistics.StatisticsJob;
import dev.syncnorm.spark.statistics.StatisticsJob.Status;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * How far the measuring of a data set is, on the line of a {@link TerminalBar}. The part that is
 * done goes by the bytes of the files.
 */
final class StatisticsBar implements StatisticsJob.Progress {

  private final TerminalBar bar;
  private OptionalLong images = OptionalLong.empty();
  private long bytes;

  StatisticsBar(TerminalBar bar) {
    this.bar = bar;
  }

  @Override
  public void listed(ImageInputs inputs) {
    images = inputs.knownImages();
    bytes = inputs.bytes();
  }

  @Override
  public void advanced(Status status) {
    double done = bytes == 0 ? 0 : Math.min(1, (double) status.bytes() / bytes);
    bar.update(done, () -> text(status, done));
  }

  private String text(Status status, double done) {
    long seen = status.accepted() + status.rejected();
    String what =
        images.isPresent()
            ? String.format(Locale.ROOT, "%,d/%,d images", seen, images.getAsLong())
            : String.format(
                Locale.ROOT,
                "%,d images  %s of %s",
                seen,
                Sizes.text(status.bytes()),
                Sizes.text(bytes));
    if (done == 0) {
      return what;
    }
    return String.format(
        Locale.ROOT,
        "%s  %.0f Mpx/s  %s left",
        what,
        status.pixels() / 1e6 / status.seconds(),
        TerminalBar.clock(status.seconds() * (1 - done) / done));
  }
}
