package dev.syncnorm.kernel;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Native memory that ND4J operations work on, kept from call to call: it grows to the largest size
 * that was asked for and is seen through small views of any shape. So calls leave nothing behind
 * that the garbage collector would have to free in time.
 */
final class NativeArray {
  private final DataType type;
  private INDArray memory;
  private FloatBuffer floats;

  NativeArray(DataType type) {
    this.type = type;
  }

  /** A view of this shape; its values are those that the memory held before. */
  INDArray shaped(long... shape) {
    long size = 1;
    for (long length : shape) {
      size *= length;
    }
    if (memory == null || memory.length() < size) {
      if (memory != null) {
        memory.close();
      }
      memory = Nd4j.createUninitialized(type, size);
      floats = type == DataType.FLOAT ? ((FloatPointer) memory.data().pointer()).asBuffer() : null;
    }
    return memory.get(NDArrayIndex.interval(0, size)).reshape('c', shape);
  }

  /** A view of this shape after the values were copied into it. */
  INDArray copyOf(float[] values, int from, long... shape) {
    INDArray view = shaped(shape);
    floats.put(0, values, from, Math.toIntExact(view.length()));
    return view;
  }

  /** The memory of a float array, for copies of its parts. */
  FloatBuffer floats() {
    return floats;
  }
}
