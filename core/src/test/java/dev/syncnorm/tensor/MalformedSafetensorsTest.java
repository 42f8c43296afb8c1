package dev.syncnorm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MalformedSafetensorsTest {

  /** Headers before four bytes of data, and what is said about them. */
  static Stream<Arguments> headers() {
    String good = "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]";
    return Stream.of(
        arguments("[]", "the header does not begin with '{'"),
        arguments(" {}", "the header does not begin with '{'"),
        arguments("{\"t\":{" + good + "}", "the header is not valid JSON: Unexpected end-of-input"),
        arguments("{t:1}", "the header is not valid JSON: Unexpected character ('t'"),
        arguments("{\"t\":{" + good + "}} x", "the header is not valid JSON: Unrecognized token"),
        arguments("{\"t\":{" + good + "}} {}", "the header goes on after its closing '}'"),
        arguments("{\"t\":7}", "the tensor \"t\" is not an object"),
        arguments("{\"t\":{" + good + "},\"t\":{" + good + "}}", "the tensor \"t\" occurs twice"),
        arguments("{\"t\":{" + good + ",\"shape\":[1]}}", "the tensor \"t\" has shape twice"),
        arguments("{\"t\":{" + good + ",\"x\":1}}", "the tensor \"t\" has the unknown field \"x\""),
        arguments(
            "{\"t\":{\"shape\":[1],\"data_offsets\":[0,4]}}", "the tensor \"t\" has no dtype"),
        arguments(
            "{\"t\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", "the tensor \"t\" has no shape"),
        arguments(
            "{\"t\":{\"dtype\":\"F32\",\"shape\":[1]}}", "the tensor \"t\" has no data_offsets"),
        arguments(
            tensor("C64", "[1]", "[0,4]"),
            "the tensor \"t\" has the dtype \"C64\"; readable are [F64,"),
        arguments(tensor("f32", "[1]", "[0,4]"), "the tensor \"t\" has the dtype \"f32\""),
        arguments(
            tensor("F32", "[-1]", "[0,4]"),
            "the shape of the tensor \"t\" holds \"-1\"; expected integers from 0"),
        arguments(tensor("F32", "[1.0]", "[0,4]"), "the shape of the tensor \"t\" holds \"1.0\""),
        arguments(tensor("F32", "[\"1\"]", "[0,4]"), "the shape of the tensor \"t\" holds \"1\""),
        arguments(tensor("F32", "[[1]]", "[0,4]"), "the shape of the tensor \"t\" holds \"[\""),
        arguments(tensor("F32", "1", "[0,4]"), "the shape of the tensor \"t\" is not an array"),
        arguments(
            tensor("F32", "[9223372036854775808]", "[0,4]"),
            "the shape of the tensor \"t\" holds \"9223372036854775808\""),
        arguments(
            tensor("F32", "[4294967296,4294967296]", "[0,4]"),
            "the tensor \"t\" of shape [4294967296, 4294967296] has more than 2^63 bytes"),
        arguments(
            tensor("F32", "[" + "1,".repeat(32) + "1]", "[0,4]"),
            "the shape of the tensor \"t\" has more than 32 values"),
        arguments(
            tensor("F32", "[2]", "[0,4]"),
            "the tensor \"t\" has 4 bytes of data; F32 of shape [2] needs 8"),
        arguments(
            tensor("F32", "[1]", "[0]"), "the tensor \"t\" has 1 data_offsets instead of two"),
        arguments(
            tensor("F32", "[1]", "[0,4,8]"),
            "the data_offsets of the tensor \"t\" has more than 2 values"),
        arguments(
            tensor("F32", "[1]", "[4,0]"),
            "the data of the tensor \"t\" begins at 4 and ends before it, at 0"),
        arguments(
            tensor("F32", "[1]", "[4,8]"),
            "the data of the tensor \"t\" begins at 4, but that of the one before it ends at 0"),
        arguments(
            two("[0,4]", "[2,6]"),
            "the data of the tensor \"b\" begins at 2, but that of the one before it ends at 4"),
        arguments(
            two("[0,4]", "[6,10]"),
            "the data of the tensor \"b\" begins at 6, but that of the one before it ends at 4"),
        arguments(two("[0,4]", "[4,8]"), "the tensors have 8 bytes, but the file has 4 for them"),
        arguments("{}", "the tensors have 0 bytes, but the file has 4 for them"),
        arguments("{\"__metadata__\":[]}", "__metadata__ is not an object of texts"),
        arguments(
            "{\"__metadata__\":{\"a\":1}}", "the value of \"a\" in __metadata__ is not a text"),
        arguments(
            "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", "\"a\" occurs twice in __metadata__"),
        arguments("{\"__metadata__\":{},\"__metadata__\":{}}", "__metadata__ occurs twice"),
        arguments("{\"" + "n".repeat(1001) + "\":{}}", "a name of 1,001 characters"),
        arguments("{\"a\\nb\":7}", "the tensor \"a?b\" is not an object"),
        arguments("{\"t\":" + "[".repeat(100) + "}", "the tensor \"t\" is not an object"));
  }

  private static String tensor(String dtype, String shape, String offsets) {
    return "{\"t\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}}"
        .formatted(dtype, shape, offsets);
  }

  private static String two(String first, String second) {
    return "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":%s},".formatted(first)
        + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":%s}}".formatted(second);
  }

  @ParameterizedTest
  @MethodSource("headers")
  void aBadHeaderIsRefusedInOneLine(String header, String message) {
    assertThatThrownBy(() -> Safetensors.read(SafetensorsBytes.file(header, 4), "m.safetensors"))
        .isInstanceOf(SafetensorsException.class)
        .message()
        .startsWith("m.safetensors: " + message)
        .doesNotContain("\n");
  }

  @Test
  void aNameThatIsNotUtf8IsRefused() {
    byte[] header = "{\"t\":{}}".getBytes(StandardCharsets.UTF_8);
    header[2] = (byte) 0xff;
    assertRefused(SafetensorsBytes.file(header, new byte[0]), "f: the header is not UTF-8");
  }

  @Test
  void tooManyTensorsAreRefused() {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i <= 100_000; i++) {
      header.append(i == 0 ? "" : ",").append('"').append(i);
      header.append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
    }
    assertRefused(
        SafetensorsBytes.file(header.append('}').toString(), 0), "f: more than 100,000 tensors");
  }

  @Test
  void aHeaderLongerThanTheFileOrTheLimitIsRefusedBeforeItIsRead() throws IOException {
    byte[] claim = SafetensorsBytes.longAndZeros(9, 16);
    assertRefused(
        claim, "f: a header of 9 bytes; expected 2 to 8, the rest of the file or the limit");
    byte[] huge = SafetensorsBytes.longAndZeros(-1, 16);
    assertRefused(
        huge,
        "f: a header of 18446744073709551615 bytes; expected 2 to 8, the rest of the file or the"
            + " limit");
    byte[] long100 = SafetensorsBytes.longAndZeros(100_000_001, 16);
    assertThatThrownBy(() -> Safetensors.read(new ByteArrayInputStream(long100), "f"))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("expected 2 to 100000000");
    assertRefused(new byte[7], "f: 7 bytes; a safetensors file has at least 10");
  }

  @Test
  void aFileCutAnywhereIsRefused(@TempDir Path folder) throws IOException {
    byte[] whole = golden();
    for (int length = 0; length < whole.length; length += length < 1400 ? 7 : 1009) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Safetensors.read(cut, "cut"))
          .isInstanceOf(SafetensorsException.class);
      assertThatThrownBy(() -> Safetensors.read(new ByteArrayInputStream(cut), "cut"))
          .isInstanceOf(SafetensorsException.class);
    }
    Path file = Files.write(folder.resolve("longer"), Arrays.copyOf(whole, whole.length + 1));
    assertThatThrownBy(() -> Safetensors.read(file))
        .isInstanceOf(SafetensorsException.class)
        .hasMessage(file + ": the tensors have 34080 bytes, but the file has 34081 for them");
    byte[] longer = Arrays.copyOf(whole, whole.length + 1);
    assertThatThrownBy(() -> Safetensors.read(new ByteArrayInputStream(longer), "f"))
        .isInstanceOf(SafetensorsException.class)
        .hasMessage("f: the file goes on after its last tensor");
  }

  /** A stream has no length to compare with: memory must follow the bytes that really come. */
  @Test
  void aStreamThatPromisesTwoGigabytesCostsNoMemory() {
    String header =
        "{\"t\":{\"dtype\":\"U8\",\"shape\":[2147483000],\"data_offsets\":[0,2147483000]}}";
    assertThatThrownBy(
            () -> Safetensors.read(new ByteArrayInputStream(SafetensorsBytes.file(header, 4)), "f"))
        .isInstanceOf(SafetensorsException.class)
        .hasMessage("f: the file ends in the tensor \"t\", 4 of 2147483000 bytes");
  }

  @Test
  void mutatedFilesAreReadOrRefusedAndNothingElse() throws IOException {
    long seed = 20261123;
    Random random = new Random(seed);
    byte[] golden = golden();
    int refused = 0;
    for (int i = 0; i < 3_000; i++) {
      byte[] mutated = mutate(golden, random);
      try {
        Safetensors file = Safetensors.read(mutated, "f");
        for (String name : file.names()) {
          file.doubles(name);
        }
      } catch (SafetensorsException e) {
        refused++;
        assertThat(e.getMessage()).as("seed %d, file %d", seed, i).startsWith("f: ");
        assertThat(e.getMessage().lines()).as("seed %d, file %d", seed, i).hasSize(1);
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + ", file " + i, e);
      }
    }
    assertThat(refused).isBetween(1_000, 2_999); // the mutations do reach the checks
  }

  /** Changes one to four bytes of the header, mostly to characters that JSON cares about. */
  private static byte[] mutate(byte[] file, Random random) {
    byte[] alphabet = "0123456789-\"{}[],:eE\\ FIU".getBytes(StandardCharsets.UTF_8);
    byte[] mutated = file.clone();
    for (int n = random.nextInt(4); n >= 0; n--) {
      boolean inLength = random.nextInt(20) == 0;
      int at = inLength ? random.nextInt(8) : 8 + random.nextInt(1288);
      mutated[at] =
          random.nextInt(4) == 0
              ? (byte) random.nextInt(256)
              : alphabet[random.nextInt(alphabet.length)];
    }
    return random.nextInt(10) == 0 ? Arrays.copyOf(mutated, random.nextInt(file.length)) : mutated;
  }

  private static void assertRefused(byte[] bytes, String message) {
    assertThatThrownBy(() -> Safetensors.read(bytes, "f"))
        .isInstanceOf(SafetensorsException.class)
        .hasMessage(message);
  }

  private static byte[] golden() throws IOException {
    String name = "/golden/batchnorm_plain.safetensors";
    try (InputStream in = MalformedSafetensorsTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }
}
