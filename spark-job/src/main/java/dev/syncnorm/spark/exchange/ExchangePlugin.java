package dev.syncnorm.spark.exchange;

import dev.syncnorm.exchange.Link;
import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.exchange.SumId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Named in {@code spark.plugins}. Spark makes the plugins itself and gives nobody a reference to
 * them, so the driver's mailbox and the executor's context are kept here.
 */
public final class ExchangePlugin implements SparkPlugin {

  private static final AtomicReference<Optional<Mailbox>> MAILBOX =
      new AtomicReference<>(Optional.empty());
  private static final AtomicReference<Optional<PluginContext>> EXECUTOR =
      new AtomicReference<>(Optional.empty());

  /** Lets a mailbox answer the executors' requests until it is disconnected. */
  public static void connect(Mailbox mailbox) {
    if (!MAILBOX.compareAndSet(Optional.empty(), Optional.of(mailbox))) {
      throw new IllegalStateException("another training runs in this Spark application");
    }
  }

  /** Stops answering. */
  public static void disconnect() {
    MAILBOX.set(Optional.empty());
  }

  /**
   * The executor's way to the driver.
   *
   * @throws IllegalStateException if Spark has not started the plugin in this executor
   */
  public static Link link() {
    PluginContext context =
        EXECUTOR
            .get()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "this Spark session runs without syncnorm's plugin; start it with --conf"
                            + " spark.plugins="
                            + ExchangePlugin.class.getName()));
    return request -> ask(context, request);
  }

  /**
   * Waits before a result is asked for: in the driver's process until it is there, but not much
   * longer than the time; in an executor for the time.
   */
  public static void await(SumId id, long nanos) throws InterruptedException {
    Optional<Mailbox> mailbox = MAILBOX.get();
    if (mailbox.isPresent()) {
      mailbox.get().await(id, nanos);
      return;
    }
    // Thread.sleep rounds up to whole milliseconds.
    long end = System.nanoTime() + nanos;
    for (long left = nanos; left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  private static byte[] ask(PluginContext context, byte[] request) throws IOException {
    try {
      return (byte[]) context.ask(request);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while asking the driver", e);
    } catch (Exception e) {
      throw new IOException("the driver did not answer: " + e.getMessage(), e);
    }
  }

  @Override
  public DriverPlugin driverPlugin() {
    return new DriverPlugin() {
      @Override
      public Map<String, String> init(SparkContext context, PluginContext pluginContext) {
        return Map.of();
      }

      @Override
      public Object receive(Object message) {
        Mailbox mailbox =
            MAILBOX.get().orElseThrow(() -> new IllegalStateException("no training runs"));
        return mailbox.answer((byte[]) message);
      }
    };
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorPlugin() {
      @Override
      public void init(PluginContext context, Map<String, String> extraConf) {
        EXECUTOR.set(Optional.of(context));
        if (!context.conf().get("spark.master", "").startsWith("local")
            && System.getProperty("org.bytedeco.javacpp.cachedir") == null) {
          // HOME is often unwritable on clusters; the work folder goes with the executor.
          System.setProperty(
              "org.bytedeco.javacpp.cachedir",
              Path.of("").toAbsolutePath().resolve(".javacpp").toString());
        }
      }

      @Override
      public void shutdown() {
        EXECUTOR.set(Optional.empty());
      }
    };
  }
}
