package dev.syncnorm.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;

/** Native memory that is kept and grows. Belongs to one thread. */
final class NativeMemory implements AutoCloseable {
  private BytePointer pointer = new BytePointer();
  private ByteBuffer buffer = ByteBuffer.allocateDirect(0);

  /** The memory as it is; null memory before the first. */
  BytePointer pointer() {
    return pointer;
  }

  /** The first 2^31 - 1 bytes of the same memory, in the processor's order of bytes. */
  ByteBuffer buffer() {
    return buffer;
  }

  boolean holds(long bytes) {
    return bytes <= pointer.capacity();
  }

  /**
   * Memory of so many bytes or more; what it held is lost if it grows.
   *
   * @throws NativeMemoryException if there is none
   */
  BytePointer ofAtLeast(long bytes) {
    if (!holds(bytes)) {
      pointer.close();
      pointer = new BytePointer(); // as long as there is no other one
      pointer = allocated(bytes);
      buffer = pointer.asByteBuffer().order(ByteOrder.nativeOrder());
    }
    return pointer;
  }

  private static BytePointer allocated(long bytes) {
    try {
      return new BytePointer(bytes);
    } catch (OutOfMemoryError e) { // what JavaCPP throws, though the heap may be empty
      throw new NativeMemoryException("there are no " + bytes + " bytes for an image", e);
    }
  }

  @Override
  public void close() {
    pointer.close();
  }
}
