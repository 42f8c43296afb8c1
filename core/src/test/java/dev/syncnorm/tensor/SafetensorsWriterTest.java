package dev.syncnorm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SafetensorsWriterTest {

  @Test
  void theBytesAreThoseOfTheFormat() {
    byte[] bytes =
        SafetensorsWriter.toBytes(
            Map.of(
                "b", new Tensor(Shape.of(2), new float[] {1f, -2f}),
                "a", new Tensor(Shape.of(), new float[] {0.5f})),
            Map.of("step", "5"));

    String header =
        "{\"__metadata__\":{\"step\":\"5\"},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}";
    header += " ".repeat((8 - header.length() % 8) % 8);
    byte[] data = {0, 0, 0, 0x3f, 0, 0, (byte) 0x80, 0x3f, 0, 0, 0, (byte) 0xc0};
    assertThat(bytes).isEqualTo(SafetensorsBytes.file(header, data));
    assertThat(bytes).hasSize(8 + header.length() + 12);
    assertThat(header.length() % 8).isZero();
  }

  @Test
  void theOrderOfTheMapsDoesNotMatter() {
    Map<String, Tensor> forwards = new LinkedHashMap<>();
    Map<String, Tensor> backwards = new LinkedHashMap<>();
    for (int i = 0; i < 50; i++) {
      forwards.put("t" + i, new Tensor(Shape.of(1), new float[] {i}));
      backwards.put("t" + (49 - i), new Tensor(Shape.of(1), new float[] {49 - i}));
    }
    Map<String, String> metadata = Map.of("a", "1", "b", "2", "c", "3");
    assertThat(SafetensorsWriter.toBytes(forwards, metadata))
        .isEqualTo(SafetensorsWriter.toBytes(backwards, new LinkedHashMap<>(metadata)));
  }

  /** Larger than the writer's buffer, with every kind of bit pattern. */
  @Test
  void valuesSurviveTheRoundTripBitForBit() throws IOException {
    Random random = new Random(7);
    float[] values = new float[100_003];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(random.nextInt());
    }
    Tensor tensor = new Tensor(Shape.of(values.length), values);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    SafetensorsWriter.write(
        Map.of("große Gewichte \"1\"\n\t\\ \uD83D\uDE00", tensor), Map.of("k", "ü\n"), out);

    Safetensors read = Safetensors.read(out.toByteArray(), "f");
    assertThat(read.names()).containsExactly("große Gewichte \"1\"\n\t\\ \uD83D\uDE00");
    assertThat(read.metadata()).containsExactly(Map.entry("k", "ü\n"));
    Tensor back = read.tensor(read.names().get(0));
    assertThat(back.shape()).isEqualTo(tensor.shape());
    for (int i = 0; i < values.length; i++) {
      assertThat(Float.floatToRawIntBits(back.values()[i]))
          .isEqualTo(Float.floatToRawIntBits(values[i]));
    }
  }

  @Test
  void noTensorsAtAllIsAFile() throws IOException {
    byte[] bytes = SafetensorsWriter.toBytes(Map.of(), Map.of());
    assertThat(new String(bytes, 8, bytes.length - 8, StandardCharsets.UTF_8))
        .isEqualTo("{}      ");
    assertThat(Safetensors.read(bytes, "f").names()).isEmpty();
  }

  @Test
  void aNameThatNoReaderTakesIsRefused() {
    Tensor tensor = new Tensor(Shape.of(1), new float[1]);
    assertThatThrownBy(() -> SafetensorsWriter.toBytes(Map.of("__metadata__", tensor), Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("a tensor cannot be named __metadata__");
    assertThatThrownBy(() -> SafetensorsWriter.toBytes(Map.of("x".repeat(1001), tensor), Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith("has 1001 characters; the limit is 1000");
    assertThatThrownBy(() -> SafetensorsWriter.toBytes(Map.of("\uD83D", tensor), Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("unpaired surrogate");
  }
}
