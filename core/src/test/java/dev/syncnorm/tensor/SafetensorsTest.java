package dev.syncnorm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {

  /**
   * Written by Python's safetensors; expected values as Python's struct and float.hex show them.
   */
  @Test
  void readsWhatThePythonLibraryWrote() throws IOException {
    Safetensors file = golden("batchnorm_plain");

    assertThat(file.names()).hasSize(17).startsWith("batch_mean", "batch_var_population", "beta");
    assertThat(file.dataType("x")).isEqualTo(DataType.F64);
    assertThat(file.shape("x")).isEqualTo(Shape.of(4, 5, 7, 6));
    assertThat(file.extents("batch_mean")).containsExactly(5L);
    assertThat(file.doubles("batch_mean"))
        .startsWith(0x1.d0db441249249p-4, 0x1.0000000000000p-2, 0x1.3cfd889b55555p-4);
    assertThat(file.doubles("beta"))
        .startsWith(0x1.8e78180000000p+0, -0x1.bca8da0000000p-3, -0x1.afeca20000000p-1);
    assertThat(file.metadata())
        .containsEntry("epsilon", "1e-05")
        .containsEntry("torch", "\"2.15.0+cu132\"")
        .hasSize(4);
  }

  /** 1e-15: the sum of 168 values near 1 in another order, 168 * 2^-53 at most, over 168. */
  @Test
  void rowsAreInRowMajorOrder() throws IOException {
    Safetensors file = golden("batchnorm_plain");
    double[] x = file.doubles("x");
    double[] mean = file.doubles("batch_mean");
    for (int channel = 0; channel < 5; channel++) {
      double sum = 0;
      for (int image = 0; image < 4; image++) {
        for (int pixel = 0; pixel < 42; pixel++) {
          sum += x[(image * 5 + channel) * 42 + pixel];
        }
      }
      assertThat(sum / 168).isEqualTo(mean[channel], within(1e-15));
    }
  }

  @Test
  void aFileOfManyTensorsIsReadWhole() throws IOException {
    Safetensors file = golden("seed_network_small");
    assertThat(file.names()).hasSize(57);
    assertThat(file.shape("initial.conv1.weight")).isEqualTo(Shape.of(16, 3, 3, 3));
    assertThat(file.doubles("bn1.moving_mean_0"))
        .startsWith(-0x1.0c14396ecb793p-5, 0x1.a52081ad62befp-6, -0x1.4dee40e357ff8p-6);
    assertThat(file.doubles("loss_0")).hasSize(1);
  }

  @Test
  void pathStreamAndBytesGiveTheSame(@TempDir Path folder) throws IOException {
    byte[] bytes;
    try (InputStream in = resource("batchnorm_plain")) {
      bytes = in.readAllBytes();
    }
    Path path = Files.write(folder.resolve("model.safetensors"), bytes);
    Safetensors fromPath = Safetensors.read(path);
    Safetensors fromStream = Safetensors.read(new ByteArrayInputStream(bytes), "stream");
    Safetensors fromBytes = Safetensors.read(bytes, "bytes");

    for (String name : fromBytes.names()) {
      assertThat(fromPath.doubles(name)).isEqualTo(fromBytes.doubles(name));
      assertThat(fromStream.doubles(name)).isEqualTo(fromBytes.doubles(name));
    }
    assertThat(fromPath.metadata()).isEqualTo(fromBytes.metadata());
  }

  @Test
  void float32IsReadBitForBit() throws IOException {
    int[] bits = {0x3f800000, 0x80000000, 0x7fc00123, 0xff800000, 0x00000001, 0x7f7fffff};
    byte[] data = new byte[4 * bits.length];
    SafetensorsBytes.littleEndian(data).asIntBuffer().put(bits);
    Safetensors file = read(SafetensorsBytes.vector("F32", bits.length, data));

    float[] values = file.tensor("t").values();
    for (int i = 0; i < bits.length; i++) {
      assertThat(Float.floatToRawIntBits(values[i])).isEqualTo(bits[i]);
    }
    assertThat(file.tensor("t").values()).isNotSameAs(values).isEqualTo(values);
  }

  @Test
  void everyHalfPrecisionNumberIsWidenedExactly() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      int exponent = bits >> 10 & 31;
      double fraction = (bits & 1023) / 1024.0;
      double magnitude =
          exponent == 31
              ? (fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
              : exponent == 0
                  ? fraction * Math.pow(2, -14)
                  : (1 + fraction) * Math.pow(2, exponent - 15);
      double expected = bits >> 15 == 1 ? -magnitude : magnitude;
      assertThat((double) DataType.halfToFloat((short) bits))
          .as("bits %x", bits)
          .isEqualTo((Double) expected);
    }
  }

  @Test
  void everyBfloat16IsTheUpperHalfOfAFloat() throws IOException {
    byte[] data = new byte[8];
    SafetensorsBytes.littleEndian(data)
        .asShortBuffer()
        .put(new short[] {0x3f80, (short) 0xc049, 0x7f80, (short) 0x8000});
    float[] values = read(SafetensorsBytes.vector("BF16", 4, data)).tensor("t").values();
    assertThat(values).containsExactly(1f, -3.140625f, Float.POSITIVE_INFINITY, -0f);
  }

  @Test
  void integersAndBooleansAreWidened() throws IOException {
    byte[] bytes = {-1, 0, 1, 127};
    assertThat(read(SafetensorsBytes.vector("U8", 4, bytes)).doubles("t"))
        .containsExactly(255, 0, 1, 127);
    assertThat(read(SafetensorsBytes.vector("I8", 4, bytes)).doubles("t"))
        .containsExactly(-1, 0, 1, 127);
    assertThat(read(SafetensorsBytes.vector("I16", 2, bytes)).doubles("t"))
        .containsExactly(255, 127 * 256 + 1);
    assertThat(read(SafetensorsBytes.vector("I32", 1, bytes)).doubles("t"))
        .containsExactly(127 * 0x1p24 + 0x1p16 + 255);
    assertThat(read(SafetensorsBytes.vector("BOOL", 2, new byte[] {0, 1})).tensor("t").values())
        .containsExactly(0, 1);
  }

  @Test
  void longsBeyondTwoToThe53AreRefusedUnlessADoubleHoldsThem() throws IOException {
    assertThat(longs(1L << 60, Long.MIN_VALUE, -7).doubles("t"))
        .containsExactly(0x1p60, -0x1p63, -7);
    for (long value : new long[] {(1L << 53) + 1, Long.MAX_VALUE}) {
      assertThatThrownBy(() -> longs(5, value).doubles("t"))
          .isInstanceOf(SafetensorsException.class)
          .hasMessage(
              "file: the tensor \"t\" is I64, and its value %d at index 1 is not a float64", value);
    }
  }

  @Test
  void doublesThatAreFloatsBecomeATensorAndOthersNeedRounding() throws IOException {
    assertThat(doubles(0.5, -0.0, Double.NaN, 0x1p-149).tensor("t").values())
        .containsExactly(0.5f, -0f, Float.NaN, Float.MIN_VALUE);

    Safetensors inexact = doubles(0.5, 0.1, 1e300);
    assertThatThrownBy(() -> inexact.tensor("t"))
        .isInstanceOf(SafetensorsException.class)
        .hasMessage(
            "file: the tensor \"t\" is F64, and its value 0.1 at index 1 is not a float32;"
                + " round it explicitly or read it as doubles");
    assertThat(inexact.roundedTensor("t").values())
        .containsExactly(0.5f, 0.1f, Float.POSITIVE_INFINITY);
  }

  @Test
  void aScalarHasTheEmptyShape() throws IOException {
    Safetensors file =
        read(
            SafetensorsBytes.file(
                "{\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4));
    assertThat(file.tensor("s").shape()).isEqualTo(Shape.of());
    assertThat(file.tensor("s").values()).containsExactly(0f);
  }

  @Test
  void aTensorWithoutValuesIsListedButIsNoTensor() throws IOException {
    Safetensors file =
        read(
            SafetensorsBytes.file(
                "{\"e\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[0,0]}}", 0));
    assertThat(file.extents("e")).isEqualTo(List.of(3L, 0L));
    assertThat(file.doubles("e")).isEmpty();
    assertThatThrownBy(() -> file.tensor("e"))
        .isInstanceOf(SafetensorsException.class)
        .hasMessage("file: the tensor \"e\" of shape [3, 0] has no values");
  }

  @Test
  void aMissingTensorIsNamedTogetherWithThoseThatExist() throws IOException {
    Safetensors file = doubles(1);
    assertThat(file.contains("conv1.weight")).isFalse();
    assertThatThrownBy(() -> file.tensor("conv1.weight"))
        .isInstanceOf(SafetensorsException.class)
        .hasMessage("file: no tensor \"conv1.weight\"; there are 1: t");
  }

  private static Safetensors longs(long... values) throws IOException {
    byte[] data = new byte[8 * values.length];
    SafetensorsBytes.littleEndian(data).asLongBuffer().put(values);
    return read(SafetensorsBytes.vector("I64", values.length, data));
  }

  private static Safetensors doubles(double... values) throws IOException {
    byte[] data = new byte[8 * values.length];
    SafetensorsBytes.littleEndian(data).asDoubleBuffer().put(values);
    return read(SafetensorsBytes.vector("F64", values.length, data));
  }

  private static Safetensors read(byte[] bytes) throws SafetensorsException {
    return Safetensors.read(bytes, "file");
  }

  private static InputStream resource(String name) {
    return SafetensorsTest.class.getResourceAsStream("/golden/" + name + ".safetensors");
  }

  private static Safetensors golden(String name) throws IOException {
    try (InputStream in = resource(name)) {
      return Safetensors.read(in, name);
    }
  }
}
