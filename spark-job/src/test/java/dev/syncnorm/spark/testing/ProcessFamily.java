package dev.syncnorm.spark.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The processes that one cluster has started, with what those started in turn, and the folder in
 * which they run. Signals reach these and no others. {@link #close}, or the end of this JVM, kills
 * all and deletes the folder. Safe for use by several threads.
 */
final class ProcessFamily implements AutoCloseable {
  private static final Duration END_LIMIT = Duration.ofSeconds(20);

  private final Path folder;
  private final Path logs;
  private final Map<String, String> environment;
  private final List<CapturedProcess> roots = new CopyOnWriteArrayList<>();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final Thread hook = new Thread(this::end, "end of a test's processes");

  /** All run in one folder with one environment; an empty value takes a variable away. */
  ProcessFamily(Path folder, Map<String, String> environment) {
    this.folder = folder;
    this.logs = Folders.create(folder.resolve("logs"));
    this.environment = Map.copyOf(environment);
    Runtime.getRuntime().addShutdownHook(hook);
  }

  CapturedProcess start(String name, List<String> command) {
    CapturedProcess process = CapturedProcess.start(name, command, environment, folder, logs);
    roots.add(process);
    return process;
  }

  /** Sends a signal by the system's kill: Java itself knows TERM and KILL only. */
  void signal(String signal, long pid) {
    member(pid);
    try {
      int exit =
          new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
              .inheritIO()
              .start()
              .waitFor();
      if (exit != 0) {
        throw new IllegalStateException("kill -" + signal + " " + pid + " ended with " + exit);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while signalling " + pid, e);
    }
  }

  void kill(long pid) {
    kill(List.of(member(pid)));
  }

  /** Kills a process that this family started, and what it started. */
  void killWithDescendants(CapturedProcess process) {
    kill(process.family());
  }

  @Override
  public void close() {
    end();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // This JVM is ending, and the hook runs.
    }
  }

  /**
   * Those that started last go first: drivers before the workers that would replace their
   * executors.
   */
  private void end() {
    if (!ended.compareAndSet(false, true)) {
      return;
    }
    List<ProcessHandle> all = new ArrayList<>();
    for (int i = roots.size() - 1; i >= 0; i--) {
      List<ProcessHandle> family = roots.get(i).family();
      family.forEach(ProcessHandle::destroyForcibly);
      all.addAll(family);
    }
    try {
      kill(all);
    } finally {
      Folders.delete(folder);
    }
  }

  private static void kill(List<ProcessHandle> processes) {
    processes.forEach(ProcessHandle::destroyForcibly);
    Waiting.until(
        "the end of killed processes",
        () -> processes.stream().noneMatch(ProcessFamily::runs),
        END_LIMIT,
        () ->
            ": " + processes.stream().filter(ProcessFamily::runs).map(ProcessHandle::pid).toList());
  }

  private ProcessHandle member(long pid) {
    return roots.stream()
        .flatMap(root -> root.family().stream())
        .filter(process -> process.pid() == pid)
        .findAny()
        .orElseThrow(
            () -> new IllegalArgumentException("process " + pid + " is not one of this cluster's"));
  }

  /**
   * Alive, and not a zombie: nobody may ever collect the exit code of a process whose parent died
   * too.
   */
  private static boolean runs(ProcessHandle process) {
    return process.isAlive() && !(isLinux() && commandLine(process).isEmpty());
  }

  /**
   * The whole command line: on Linux ProcessHandle drops a long one. Empty for a process that has
   * ended.
   */
  static String commandLine(ProcessHandle process) {
    if (!isLinux()) {
      return process.info().commandLine().orElse("");
    }
    try {
      return Files.readString(
          Path.of("/proc", Long.toString(process.pid()), "cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  private static boolean isLinux() {
    return Files.isDirectory(Path.of("/proc/self"));
  }
}
