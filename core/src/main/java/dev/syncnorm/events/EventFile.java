package dev.syncnorm.events;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;

/**
 * A TensorBoard event file. The fields' numbers are those of TensorFlow's event.proto and
 * summary.proto. Each event is on its way to the disk when the method returns. Not thread-safe.
 */
final class EventFile implements Closeable {

  private static final int EVENT_WALL_TIME = 1;
  private static final int EVENT_STEP = 2;
  private static final int EVENT_FILE_VERSION = 3;
  private static final int EVENT_SUMMARY = 5;
  private static final int EVENT_SESSION_LOG = 7;
  private static final int SESSION_LOG_STATUS = 1;
  private static final int SESSION_LOG_START = 1;

  private final RecordFile file;
  private final InstantSource clock;

  /**
   * Begins a file in a folder, which is made if need be.
   *
   * @param host a part of the file's name
   * @param firstStep the first step that will be written: TensorBoard forgets what an earlier file
   *     has of this step and later ones, as a training that is resumed has done them anew
   */
  EventFile(Path folder, String host, long firstStep, InstantSource clock) throws IOException {
    this.clock = clock;
    Files.createDirectories(folder);
    file = new RecordFile(unused(folder, host, clock.instant().getEpochSecond()));
    file.append(event(0).text(EVENT_FILE_VERSION, "brain.Event:2").toBytes());
    file.append(
        event(firstStep)
            .message(
                EVENT_SESSION_LOG, new ProtoMessage().whole(SESSION_LOG_STATUS, SESSION_LOG_START))
            .toBytes());
  }

  /** TensorBoard reads a folder's files in the order of their names. */
  private static Path unused(Path folder, String host, long seconds) {
    for (long time = seconds; ; time++) {
      Path path = folder.resolve("events.out.tfevents.%010d.%s.syncnorm".formatted(time, host));
      if (!Files.exists(path)) {
        return path;
      }
    }
  }

  /** Writes what there is of a step. */
  void write(long step, Summary summary) throws IOException {
    file.append(event(step).message(EVENT_SUMMARY, summary.message()).toBytes());
  }

  private ProtoMessage event(long step) {
    Instant now = clock.instant();
    return new ProtoMessage()
        .float64(EVENT_WALL_TIME, now.getEpochSecond() + now.getNano() / 1e9)
        .whole(EVENT_STEP, step);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
