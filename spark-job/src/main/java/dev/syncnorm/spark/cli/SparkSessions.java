package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.spark.training.SessionSettings;
import dev.syncnorm.training.MemoryPlan;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.SparkHadoopUtil;
import scala.jdk.javaapi.OptionConverters;

/** Opens Spark with what the jobs need: embedded, or as spark-submit has configured it. */
final class SparkSessions {

  private static final Pattern LOCAL = Pattern.compile("local(?:\\[(\\*|[1-9][0-9]{0,5})\\])?");

  /** One and a half times what Spark reserves for itself: with less no context starts. */
  private static final long LEAST_HEAP = 450L << 20;

  private SparkSessions() {}

  /**
   * A Spark that a command uses.
   *
   * @param own whether it is the command's own, and ends with it
   */
  record Session(JavaSparkContext context, boolean own) implements AutoCloseable {
    @Override
    public void close() {
      if (own) {
        context.close();
      }
    }
  }

  /**
   * Opens a context, or takes the one that already runs in this process, which is the caller's.
   *
   * @param master as given on the command line, for an embedded Spark
   * @param workers as given; without a master there are as many local cores
   * @throws ConfigurationException if Spark's configuration can't work
   */
  static Session open(String name, Optional<String> master, OptionalInt workers)
      throws ConfigurationException {
    return open(name, master, workers, SessionSettings::apply);
  }

  /**
   * Opens a context for a job of Spark's usual kind, or takes the one that runs.
   *
   * @param master as given on the command line, for an embedded Spark
   * @throws ConfigurationException if the master is wrong
   */
  static Session openPlain(String name, Optional<String> master) throws ConfigurationException {
    return open(name, master, OptionalInt.empty(), SparkSessions::plain);
  }

  private static void plain(SparkConf conf) {
    // Results are added as they come and never in memory together.
    conf.setIfMissing("spark.driver.maxResultSize", "0");
    conf.setIfMissing("spark.executorEnv.OMP_NUM_THREADS", "1");
    conf.setIfMissing("spark.executorEnv.OPENCV_LOG_LEVEL", "SILENT");
  }

  private interface Settings {
    void apply(SparkConf conf) throws ConfigurationException;
  }

  private static Session open(
      String name, Optional<String> master, OptionalInt workers, Settings settings)
      throws ConfigurationException {
    Optional<String> mistake = masterMistake(master);
    if (mistake.isPresent()) {
      throw new ConfigurationException(List.of(mistake.get()));
    }
    Optional<SparkContext> running = running();
    if (running.isPresent()) {
      return new Session(new JavaSparkContext(running.get()), false);
    }
    Optional<String> tooSmall = heapMistake(Runtime.getRuntime().maxMemory());
    if (tooSmall.isPresent()) {
      throw new ConfigurationException(List.of(tooSmall.get()));
    }
    SparkConf conf = new SparkConf();
    conf.setIfMissing("spark.app.name", name);
    if (!conf.contains("spark.master")) {
      embed(conf, embedded(master, workers));
    }
    settings.apply(conf);
    return new Session(new JavaSparkContext(conf), true);
  }

  /**
   * Checks the settings of the Spark that {@link #open} would give, without opening one.
   *
   * @throws ConfigurationException if a training can't run with them
   */
  static void checkSettings() throws ConfigurationException {
    if (running().isPresent()) {
      SessionSettings.check(conf());
    } else {
      SessionSettings.apply(new SparkConf());
    }
  }

  /** What is wrong with the largest heap of this process, which is Spark's driver. */
  static Optional<String> heapMistake(long bytes) {
    return bytes >= LEAST_HEAP
        ? Optional.empty()
        : Optional.of(
            "the heap of this process is at most %s, but Spark needs %s; give it more, such as with -Xmx512m in SYNCNORM_JAVA_OPTS, or with --driver-memory of spark-submit"
                .formatted(Sizes.text(bytes), Sizes.text(LEAST_HEAP)));
  }

  /** What is wrong with the master as given on the command line. */
  static Optional<String> masterMistake(Optional<String> master) {
    SparkConf conf = conf();
    if (master.isEmpty()) {
      return Optional.empty();
    }
    if (conf.contains("spark.master")) {
      return master.get().equals(conf.get("spark.master"))
          ? Optional.empty()
          : Optional.of(
              "--master is %s, but this process runs Spark on %s, as spark-submit or its session was told; leave --master out"
                  .formatted(master.get(), conf.get("spark.master")));
    }
    return LOCAL.matcher(master.get()).matches()
        ? Optional.empty()
        : Optional.of(
            "--master is %s; this process runs local or local[N], bin/syncnorm and spark-submit run clusters"
                .formatted(master.get()));
  }

  /**
   * Where workers would run, without opening Spark. On a cluster that has not been told the number
   * of its executors there is one, with as many cores as this machine.
   */
  static MemoryPlan.Place place(Optional<String> master, OptionalInt workers) {
    SparkConf conf = conf();
    int cores = Runtime.getRuntime().availableProcessors();
    Matcher local = LOCAL.matcher(conf.get("spark.master", embedded(master, workers)));
    if (!local.matches()) {
      int executors = workers.orElse(conf.getInt("spark.executor.instances", 1));
      return new MemoryPlan.Place(executors, false, conf.getInt("spark.executor.cores", cores));
    }
    String given = local.group(1) == null ? "1" : local.group(1);
    int threads = given.equals("*") ? cores : Integer.parseInt(given);
    return new MemoryPlan.Place(workers.orElse(1), true, Math.max(1, threads / workers.orElse(1)));
  }

  /** The largest heap of a process with workers, in bytes. */
  static long heap(MemoryPlan.Place place) {
    return place.local()
        ? Runtime.getRuntime().maxMemory()
        : conf().getSizeAsBytes("spark.executor.memory", "1g");
  }

  /** Hadoop's configuration as Spark would have it. */
  static Configuration hadoop() {
    return SparkHadoopUtil.get().newConfiguration(conf());
  }

  /** The settings of the Spark that runs, or those that one would start with. */
  private static SparkConf conf() {
    return running().map(SparkContext::getConf).orElseGet(SparkConf::new);
  }

  private static Optional<SparkContext> running() {
    return OptionConverters.toJava(SparkContext$.MODULE$.getActive());
  }

  private static String embedded(Optional<String> master, OptionalInt workers) {
    return master.orElse(workers.isPresent() ? "local[" + workers.getAsInt() + "]" : "local[*]");
  }

  private static void embed(SparkConf conf, String master) {
    conf.setMaster(master);
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.setIfMissing("spark.driver.host", "127.0.0.1");
    conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
    // A broadcast stays in this process: compressing it would only load a native library.
    conf.setIfMissing("spark.broadcast.compress", "false");
  }
}
