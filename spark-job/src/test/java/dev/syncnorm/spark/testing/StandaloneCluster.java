package dev.syncnorm.spark.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A real standalone Spark cluster on loopback: a master, workers and whatever they start, each a
 * process of its own.
 *
 * <pre>{@code
 * try (StandaloneCluster cluster = StandaloneCluster.builder().workers(2).cores(1).start()) {
 *   CapturedProcess job = cluster.submit(List.of("--executor-memory", "1g"), List.of("train", conf));
 *   cluster.kill(cluster.awaitExecutors(2).get(0));
 *   assertThat(job.waitFor(Duration.ofMinutes(2))).as(job::tails).isZero();
 * }
 * }</pre>
 *
 * <p>How it works. Master and workers are Spark's own classes, started by {@code bin/spark-class}
 * of a Spark home: the installation that the environment variable SPARK_HOME names if it is a Spark
 * 4.1, otherwise a temporary folder with links to the jars from Maven and two scripts that run
 * Spark's launcher as Spark's own scripts do. The system chooses every port; the master's address
 * is read from its log. {@link #submit} runs a real {@code bin/spark-submit}. Each script becomes
 * its JVM by {@code exec}, so the process ids here are those of the JVMs.
 *
 * <p>Executors are the children of the workers' processes. Signals go to processes of this cluster,
 * never to others. {@link #close} kills all that the cluster started and deletes its folder; so
 * does the end of this JVM, unless that is by SIGKILL. Every wait has a limit, and its error shows
 * the ends of the logs.
 *
 * <p>For Linux and macOS. Safe for use by several threads.
 */
public final class StandaloneCluster implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofMinutes(3);
  private static final Pattern MASTER_URL =
      Pattern.compile("Starting Spark master at (spark://\\S+)\\s");
  private static final Pattern REST_PORT =
      Pattern.compile("REST server for submitting applications on \\S+ with port (\\d+)");
  private static final Pattern DRIVER = Pattern.compile("submitted as (driver-\\d+-\\d+)");

  private final Builder builder;
  private final Path directory;
  private final Path sparkHome;
  private final ProcessFamily processes;
  private final CapturedProcess master;
  private final String masterUrl;
  private final List<CapturedProcess> workers = new CopyOnWriteArrayList<>();
  private final AtomicInteger runs = new AtomicInteger();

  private StandaloneCluster(
      Builder builder,
      Path directory,
      Path sparkHome,
      ProcessFamily processes,
      CapturedProcess master) {
    this.builder = builder;
    this.directory = directory;
    this.sparkHome = sparkHome;
    this.processes = processes;
    this.master = master;
    this.masterUrl =
        MASTER_URL.matcher(master.error()).results().findFirst().orElseThrow().group(1);
  }

  /** Two workers of one core and 1 GiB, unless it is told otherwise. */
  public static Builder builder() {
    return new Builder();
  }

  /** What a cluster is to have. */
  public static final class Builder {
    private int workers = 2;
    private int cores = 1;
    private String memory = "1g";
    private boolean hosts;
    private final Map<String, String> environment = new HashMap<>();

    private Builder() {}

    public Builder workers(int count) {
      workers = count;
      return this;
    }

    /** The cores of each worker. */
    public Builder cores(int count) {
      cores = count;
      return this;
    }

    /**
     * What each worker has for executors, as Spark writes it: {@code 1g}. Nothing is allocated by
     * it.
     */
    public Builder memory(String size) {
      memory = size;
      return this;
    }

    /**
     * Gives each worker a host name of its own: Spark runs no two attempts at a task on one host.
     * Linux only, where the whole of 127.0.0.0/8 is this machine.
     */
    public Builder hosts() {
      hosts = true;
      return this;
    }

    /** A variable for master, workers, executors and spark-submit. An empty value takes it away. */
    public Builder environment(String variable, String value) {
      environment.put(variable, value);
      return this;
    }

    /** Starts the master and the workers, and waits until the master knows them. */
    public StandaloneCluster start() {
      Path directory = Folders.temporary("syncnorm-cluster");
      Path sparkHome = SparkHome.inside(directory);
      Map<String, String> variables = SparkHome.environment(directory, sparkHome);
      variables.putAll(environment);
      ProcessFamily processes = new ProcessFamily(directory, variables);
      try {
        CapturedProcess master = startMaster(sparkHome, processes);
        StandaloneCluster cluster =
            new StandaloneCluster(this, directory, sparkHome, processes, master);
        for (int i = 0; i < workers; i++) {
          cluster.startWorker();
        }
        cluster.workers.forEach(StandaloneCluster::awaitRegistration);
        return cluster;
      } catch (RuntimeException | Error e) {
        processes.close();
        throw e;
      }
    }
  }

  public String masterUrl() {
    return masterUrl;
  }

  /** The Spark installation of this cluster, with bin/spark-submit. */
  public Path sparkHome() {
    return sparkHome;
  }

  /** A temporary folder in which the cluster's processes run; {@link #close} deletes it. */
  public Path directory() {
    return directory;
  }

  /** Starts one more worker and waits until the master knows it; its index. */
  public int addWorker() {
    int index = startWorker();
    awaitRegistration(workers.get(index));
    return index;
  }

  public long workerPid(int worker) {
    return workers.get(worker).pid();
  }

  /**
   * Kills a worker and its executors by SIGKILL, as if its machine went away. The others keep their
   * index.
   */
  public void killWorker(int worker) {
    processes.killWithDescendants(workers.get(worker));
  }

  /**
   * Submits syncnorm's own jar: {@code spark-submit --master URL OPTIONS syncnorm.jar ARGUMENTS}.
   */
  public CapturedProcess submit(
      List<String> sparkSubmitOptions, List<String> applicationArguments) {
    return submit(
        Built.jar(), "dev.syncnorm.spark.cli.Main", sparkSubmitOptions, applicationArguments);
  }

  /** Submits any application. Its web interface is off unless the options switch it on. */
  public CapturedProcess submit(
      Path jar,
      String mainClass,
      List<String> sparkSubmitOptions,
      List<String> applicationArguments) {
    List<String> command = new ArrayList<>();
    command.add(sparkHome.resolve("bin/spark-submit").toString());
    command.addAll(
        List.of("--master", masterUrl, "--class", mainClass, "--conf", "spark.ui.enabled=false"));
    command.addAll(sparkSubmitOptions);
    command.add(jar.toString());
    command.addAll(applicationArguments);
    return run("submit", command);
  }

  /** Runs any program in this cluster's environment, with its SPARK_HOME, such as bin/syncnorm. */
  public CapturedProcess run(String name, List<String> command) {
    return processes.start(name + "-" + runs.incrementAndGet(), command);
  }

  /** The id by which the master knows the driver of a job in cluster deploy mode. */
  public String awaitDriver(CapturedProcess job) {
    job.awaitError("the driver's id", log -> DRIVER.matcher(log).find(), START_LIMIT);
    return DRIVER.matcher(job.error()).results().findFirst().orElseThrow().group(1);
  }

  /** What a driver in cluster deploy mode has written to its standard error so far. */
  public String driverError(String driver) {
    return driverFile(driver, "stderr");
  }

  /** What a driver in cluster deploy mode has written to its standard output so far. */
  public String driverOutput(String driver) {
    return driverFile(driver, "stdout");
  }

  private String driverFile(String driver, String name) {
    for (int worker = 0; worker < workers.size(); worker++) {
      Path file = workFolder(worker).resolve(driver).resolve(name);
      if (Files.exists(file)) {
        return CapturedProcess.read(file);
      }
    }
    return "";
  }

  /** The process id of the one driver that runs in cluster deploy mode. */
  public long driverPid() {
    return workers.stream()
        .flatMap(worker -> children(worker, "deploy.worker.DriverWrapper"))
        .findFirst()
        .orElseThrow();
  }

  /** The master's other address, by which spark-submit --kill reaches drivers. */
  public String restUrl() {
    return "spark://127.0.0.1:"
        + REST_PORT.matcher(master.error()).results().findFirst().orElseThrow().group(1);
  }

  /** The process ids of all executors that run now. */
  public List<Long> executorPids() {
    return workers.stream().flatMap(StandaloneCluster::executors).toList();
  }

  /** The process ids of one worker's executors that run now. */
  public List<Long> executorPids(int worker) {
    return executors(workers.get(worker)).toList();
  }

  /** Waits until just so many executors run; their process ids. */
  public List<Long> awaitExecutors(int count) {
    Waiting.until(
        count + " executors", () -> executorPids().size() == count, START_LIMIT, this::logs);
    return executorPids();
  }

  /** Kills a process of this cluster by SIGKILL, and waits for its end. */
  public void kill(long pid) {
    processes.kill(pid);
  }

  /** Stops a process of this cluster by SIGSTOP: it stays, but does nothing and answers nobody. */
  public void suspend(long pid) {
    processes.signal("STOP", pid);
  }

  /** Lets a suspended process go on. */
  public void resume(long pid) {
    processes.signal("CONT", pid);
  }

  /** The ends of the logs of the master, the workers and the executors, for an error message. */
  public String logs() {
    StringBuilder text = new StringBuilder(master.tails());
    workers.forEach(worker -> text.append(worker.tails()));
    try (Stream<Path> files = Files.walk(Folders.create(directory.resolve("work")))) {
      files
          .filter(file -> file.endsWith("stderr"))
          .sorted()
          .map(CapturedProcess::tail)
          .forEach(text::append);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /** Kills all processes of this cluster and deletes its folder. */
  @Override
  public void close() {
    processes.close();
  }

  private static CapturedProcess startMaster(Path sparkHome, ProcessFamily processes) {
    CapturedProcess master =
        processes.start(
            "master",
            List.of(
                sparkHome.resolve("bin/spark-class").toString(),
                "org.apache.spark.deploy.master.Master",
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--webui-port",
                "0"));
    master.awaitError("its address", log -> MASTER_URL.matcher(log).find(), START_LIMIT);
    return master;
  }

  private int startWorker() {
    int index = workers.size();
    workers.add(
        processes.start(
            "worker-" + index,
            List.of(
                sparkHome.resolve("bin/spark-class").toString(),
                "org.apache.spark.deploy.worker.Worker",
                "--host",
                "127.0.0." + (builder.hosts ? 1 + index : 1),
                "--port",
                "0",
                "--webui-port",
                "0",
                "--cores",
                Integer.toString(builder.cores),
                "--memory",
                builder.memory,
                "--work-dir",
                workFolder(index).toString(),
                masterUrl)));
    return index;
  }

  private static void awaitRegistration(CapturedProcess worker) {
    worker.awaitError(
        "its registration",
        log -> log.contains("Successfully registered with master"),
        START_LIMIT);
  }

  private Path workFolder(int worker) {
    return directory.resolve("work").resolve("worker-" + worker);
  }

  private static Stream<Long> executors(CapturedProcess worker) {
    return children(worker, "CoarseGrainedExecutorBackend");
  }

  private static Stream<Long> children(CapturedProcess worker, String mainClass) {
    return worker
        .handle()
        .children()
        .filter(process -> ProcessFamily.commandLine(process).contains(mainClass))
        .map(ProcessHandle::pid);
  }
}
