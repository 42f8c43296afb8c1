package dev.syncnorm.events;

import dev.syncnorm.storage.Folder;
import dev.syncnorm.storage.Folder.Kind;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;

/**
 * A TensorBoard event file. The fields' numbers are those of TensorFlow's event.proto and
 * summary.proto. Not thread-safe.
 */
final class EventFile {

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
   * Begins a file in the events folder of a run.
   *
   * @param host a part of the file's name
   * @param firstStep the first step that will be written: TensorBoard forgets what an earlier file
   *     has of this step and later ones, as a training that is resumed has done them anew
   */
  EventFile(Folder run, String host, long firstStep, InstantSource clock) throws IOException {
    this.clock = clock;
    run.makeFolder("events");
    file = new RecordFile(run, unused(run, host, clock.instant().getEpochSecond()));
    file.append(event(0).text(EVENT_FILE_VERSION, "brain.Event:2").toBytes());
    file.append(
        event(firstStep)
            .message(
                EVENT_SESSION_LOG, new ProtoMessage().whole(SESSION_LOG_STATUS, SESSION_LOG_START))
            .toBytes());
  }

  /** TensorBoard reads a folder's files in the order of their names. */
  private static String unused(Folder run, String host, long seconds) throws IOException {
    for (long time = seconds; ; time++) {
      String name = "events/events.out.tfevents.%010d.%s.syncnorm".formatted(time, host);
      if (run.kind(name) == Kind.NOTHING) {
        return name;
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

  /** Returns when the storage has all events. */
  void sync() throws IOException {
    file.sync();
  }
}
