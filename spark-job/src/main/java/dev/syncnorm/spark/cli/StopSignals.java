package dev.syncnorm.spark.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Ctrl-C and SIGTERM ask a job to stop; the second one ends the process at once, as the JVM does by
 * itself.
 */
final class StopSignals implements AutoCloseable {

  private static final List<String> NAMES = List.of("INT", "TERM");

  private final AtomicInteger received = new AtomicInteger();

  private StopSignals() {}

  /** Calls back, on a thread of its own, at the first signal. */
  static StopSignals install(Runnable stop) {
    StopSignals signals = new StopSignals();
    for (String name : NAMES) {
      Signal.handle(
          new Signal(name),
          signal -> {
            signals.received.compareAndSet(0, signal.getNumber());
            signals.close();
            stop.run();
          });
    }
    return signals;
  }

  /** Tells that a stop left nothing behind. */
  static void tellNothingWritten(PrintWriter err) {
    err.println("syncnorm: stopped as asked; nothing was written");
    err.flush();
  }

  /** Lets signals end the process again. */
  @Override
  public void close() {
    NAMES.forEach(name -> Signal.handle(new Signal(name), SignalHandler.SIG_DFL));
  }

  /** The exit code of a process that a signal stopped: 128 and the signal's number. */
  int exitCode() {
    return 128 + received.get();
  }
}
