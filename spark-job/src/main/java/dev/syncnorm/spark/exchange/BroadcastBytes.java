package dev.syncnorm.spark.exchange;

import dev.syncnorm.exchange.SharedBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.serializer.SerializerInstance;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** Shares large results as broadcast variables; the reply to a poll carries the handle. */
public final class BroadcastBytes {

  private BroadcastBytes() {}

  /** The driver's side; values are destroyed when two newer ones have been shared. */
  public static SharedBytes ofDriver(JavaSparkContext spark) {
    ArrayDeque<Broadcast<byte[]>> alive = new ArrayDeque<>();
    return new SharedBytes() {
      @Override
      public byte[] share(byte[] value) {
        Broadcast<byte[]> broadcast = spark.broadcast(value);
        alive.addLast(broadcast);
        if (alive.size() > 2) {
          alive.removeFirst().destroy();
        }
        ByteBuffer handle = serializer().serialize(broadcast, tag());
        byte[] bytes = new byte[handle.remaining()];
        handle.get(bytes);
        return bytes;
      }

      @Override
      public byte[] fetch(byte[] handle) throws IOException {
        return BroadcastBytes.fetch(handle);
      }
    };
  }

  /** The executor's side. */
  public static SharedBytes ofExecutor() {
    return new SharedBytes() {
      @Override
      public byte[] share(byte[] value) {
        throw new IllegalStateException("only the driver shares values");
      }

      @Override
      public byte[] fetch(byte[] handle) throws IOException {
        return BroadcastBytes.fetch(handle);
      }
    };
  }

  private static byte[] fetch(byte[] handle) throws IOException {
    try {
      Broadcast<byte[]> broadcast = serializer().deserialize(ByteBuffer.wrap(handle), tag());
      return broadcast.value();
    } catch (RuntimeException e) {
      throw new IOException("a broadcast variable could not be read: " + e.getMessage(), e);
    }
  }

  private static SerializerInstance serializer() {
    return SparkEnv.get().closureSerializer().newInstance();
  }

  private static ClassTag<Broadcast<byte[]>> tag() {
    return ClassTag$.MODULE$.apply(Broadcast.class);
  }
}
