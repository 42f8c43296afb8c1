package dev.syncnorm.spark.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A process of ours whose output goes to two files, so that nothing blocks on a full pipe and a
 * failed wait can show the ends of both. It has no standard input. Safe for use by several threads.
 */
public final class CapturedProcess {
  private static final int TAIL_LINES = 60;

  private final String name;
  private final Process process;
  private final Path output;
  private final Path error;

  private CapturedProcess(String name, Process process, Path output, Path error) {
    this.name = name;
    this.process = process;
    this.output = output;
    this.error = error;
  }

  /**
   * Starts a command.
   *
   * @param name what its output files and the error messages call it
   * @param command the program and its arguments
   * @param environment added to the environment of this JVM; an empty value takes a variable away
   * @param folder where it runs
   * @param logs where its output goes, as {@code name.out} and {@code name.err}
   */
  public static CapturedProcess start(
      String name, List<String> command, Map<String, String> environment, Path folder, Path logs) {
    Path output = logs.resolve(name + ".out");
    Path error = logs.resolve(name + ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectOutput(output.toFile())
            .redirectError(error.toFile());
    builder.environment().putAll(environment);
    builder.environment().values().removeIf(String::isEmpty);
    try {
      return new CapturedProcess(name, builder.start(), output, error);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** What it has written to standard output so far. */
  public String output() {
    return read(output);
  }

  /** What it has written to standard error so far. */
  public String error() {
    return read(error);
  }

  /**
   * Its exit code (128 + n after signal n), or an AssertionError with the ends of its output when
   * it runs longer.
   */
  public int waitFor(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError(name + " still runs after " + limit.toSeconds() + " s" + tails());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for " + name, e);
    }
  }

  /** Waits until standard output holds the text. */
  public void awaitOutput(String text, Duration limit) {
    await("'" + text + "' in the output of " + name, () -> output().contains(text), limit);
  }

  /** Waits until standard error passes the test. */
  public void awaitError(String what, Predicate<String> test, Duration limit) {
    await(what + " in the log of " + name, () -> test.test(error()), limit);
  }

  private void await(String what, BooleanSupplier condition, Duration limit) {
    Waiting.until(
        what,
        () -> {
          boolean ended = !isAlive(); // asked first: what it wrote at its end counts
          if (condition.getAsBoolean()) {
            return true;
          }
          if (ended) {
            throw new AssertionError(
                name
                    + " ended with "
                    + process.exitValue()
                    + " before there was "
                    + what
                    + tails());
          }
          return false;
        },
        limit,
        this::tails);
  }

  /** Sends SIGTERM. */
  public void terminate() {
    process.destroy();
  }

  /** Sends a signal by the system's kill, such as INT; Java itself knows TERM and KILL only. */
  public void signal(String signal) {
    try {
      new ProcessBuilder("kill", "-" + signal, Long.toString(pid())).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while signalling " + name, e);
    }
  }

  /** Sends SIGKILL to it and what it started. */
  public void kill() {
    family().forEach(ProcessHandle::destroyForcibly);
  }

  /** The ends of what it wrote, for an error message. */
  public String tails() {
    return tail(output) + tail(error);
  }

  /** It and what it started. */
  List<ProcessHandle> family() {
    return Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
  }

  ProcessHandle handle() {
    return process.toHandle();
  }

  static String tail(Path file) {
    List<String> lines = read(file).lines().toList();
    int from = Math.max(0, lines.size() - TAIL_LINES);
    return "\n--- the end of " + file + "\n" + String.join("\n", lines.subList(from, lines.size()));
  }

  static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
