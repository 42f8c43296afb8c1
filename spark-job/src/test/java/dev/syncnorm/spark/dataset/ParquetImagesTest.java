package dev.syncnorm.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.image.Rejection;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetImagesTest {

  private static final String HUGGING_FACE =
      "message m { optional int64 label; optional group image { optional binary bytes; optional binary path (STRING); } }";

  @TempDir private Path folder;

  @Test
  void structuresOfBytesAndPathAreRecognised() throws IOException {
    Path file =
        write(
            HUGGING_FACE,
            3,
            (i, row) -> {
              row.add("label", (long) i);
              Group image = row.addGroup("image");
              image.add("bytes", Binary.fromConstantByteArray(bytes(i)));
              if (i != 1) {
                image.add("path", i == 0 ? "train/cats/0.jpg" : "2.jpg");
              }
            });

    List<EncodedImage> images = read(file, Optional.empty());

    assertThat(images)
        .extracting(EncodedImage::bytes)
        .containsExactly(bytes(0), bytes(1), bytes(2));
    assertThat(images)
        .extracting(EncodedImage::path)
        .containsExactly(file + "#0", file + "#1", file + "#2");
    assertThat(images)
        .extracting(EncodedImage::name)
        .containsExactly("t.parquet#0", "t.parquet#1", "t.parquet#2");
    String own = folder.getFileName().toString();
    assertThat(images).extracting(EncodedImage::parent).containsExactly("cats", own, own);
  }

  @Test
  void rowsWithoutBytesAreEmpty() throws IOException {
    Path file =
        write(
            HUGGING_FACE,
            3,
            (i, row) -> {
              if (i > 0) {
                Group image = row.addGroup("image");
                if (i > 1) {
                  image.add("bytes", Binary.fromConstantByteArray(bytes(i)));
                }
              }
            });

    List<EncodedImage> images = read(file, Optional.empty());

    assertThat(rejections(images))
        .containsExactly(
            new Rejection(file + "#0", "empty", "the row has no bytes (null)"),
            new Rejection(file + "#1", "empty", "the row has no bytes (null)"));
    assertThat(images.get(2).bytes()).isEqualTo(bytes(2));
  }

  @Test
  void partsOfAFileGiveEachRowOnceWithItsNumber() throws IOException {
    Path file = pictures(1000);
    long length = Files.size(file);

    for (int parts : new int[] {1, 2, 7, 50}) {
      List<EncodedImage> images = new ArrayList<>();
      for (int part = 0; part < parts; part++) {
        images.addAll(
            read(file, length * part / parts, length * (part + 1) / parts, Optional.empty()));
      }
      assertThat(images).hasSize(1000);
      for (int i = 0; i < 1000; i++) {
        assertThat(images.get(i).name()).isEqualTo("t.parquet#" + i);
        assertThat(images.get(i).bytes()).isEqualTo(bytes(i));
      }
    }
  }

  @Test
  void theColumnIsNamedOrRecognised() throws Exception {
    assertThat(
            find("required binary content; required binary path (STRING); required binary x;", ""))
        .isEqualTo(new ParquetColumn(List.of("content"), false, List.of("path")));
    assertThat(find("required int32 label; required binary x;", "").bytes()).containsExactly("x");
    assertThat(
            find("required group a { required group b { required binary c; } }", "a.b.c").bytes())
        .containsExactly("a", "b", "c");
    assertThat(find("required binary a.b; required binary c;", "a.b").bytes())
        .containsExactly("a.b");
    assertThat(
            find("required binary x; required group image { required binary bytes; }", "").bytes())
        .containsExactly("image", "bytes");
    assertThat(
            find("required group a { required group b { required binary bytes; } }", "a.b").bytes())
        .containsExactly("a", "b", "bytes");

    assertThatThrownBy(() -> find("required binary x; required binary y;", ""))
        .hasMessage(
            "it has 2 columns that may hold images; its columns are x binary, y binary; choose one of bytes with --column NAME");
    assertThatThrownBy(() -> find("required int32 a; required binary name (STRING);", ""))
        .hasMessage(
            "it has no column of bytes; its columns are a int, name string; choose one of bytes with --column NAME");
    assertThatThrownBy(() -> find("required int32 a;", "b"))
        .hasMessage("it has no column b; its columns are a int");
    assertThatThrownBy(() -> find("required int32 a;", "a"))
        .hasMessageStartingWith("its column a is int; expected bytes,");
    assertThatThrownBy(() -> find("repeated group a { required binary bytes; }", "a.bytes"))
        .hasMessageContaining("lies in a list");
  }

  @Test
  void aDamagedRowGroupIsOneRejectionAndTheOthersAreRead() throws IOException {
    Path file = pictures(300);
    byte[] content = Files.readAllBytes(file);
    Arrays.fill(content, 4, 40, (byte) 0xff); // the header of the first page
    Files.write(file, content);

    List<EncodedImage> images = read(file, Optional.empty());

    List<Rejection> rejections = rejections(images);
    assertThat(rejections).hasSize(1);
    assertThat(rejections.get(0).cause()).isEqualTo("corrupt");
    assertThat(rejections.get(0).message()).startsWith("rows 0 to ").contains(" can't be read: ");
    int lost = Integer.parseInt(rejections.get(0).message().split(" ")[3]) + 1;
    assertThat(images).hasSize(300 - lost + 1);
    assertThat(images.get(1).name()).isEqualTo("t.parquet#" + lost);
    assertThat(images.get(1).bytes()).isEqualTo(bytes(lost));
  }

  @Test
  void rowGroupsOfAMissingCodecAreOneRejectionThatCountsTheirRows() throws IOException {
    Path file = pictures(300);
    changeFooter(
        file,
        footer ->
            footer
                .getRow_groups()
                .subList(1, footer.getRow_groupsSize())
                .forEach(
                    group ->
                        group
                            .getColumns()
                            .get(0)
                            .getMeta_data()
                            .setCodec(CompressionCodec.BROTLI)));

    List<EncodedImage> images = read(file, Optional.empty());

    int first = images.size() - 1;
    assertThat(first).isBetween(1, 200);
    for (int i = 0; i < first; i++) {
      assertThat(images.get(i).bytes()).isEqualTo(bytes(i));
    }
    assertThat(rejections(images))
        .containsExactly(
            new Rejection(
                file.toString(),
                "unsupported",
                "%d of its rows are compressed by BROTLI, which is not read here; write them with ZSTD, SNAPPY or GZIP"
                    .formatted(300 - first)));

    long half = Files.size(file) / 2;
    assertThat(rejections(read(file, half, Files.size(file), Optional.empty())))
        .singleElement()
        .extracting(Rejection::message)
        .asString()
        .contains("not read here (bytes %d to %d of it); write".formatted(half, Files.size(file)));
  }

  @Test
  void aTableWithoutRowsHasNoImages() throws IOException {
    String schema = "message m { required binary picture; }";
    Path none = write(schema, 0, (i, row) -> {});
    assertThat(read(none, Optional.empty())).isEmpty();

    Path empty =
        write(schema, 3, (i, row) -> row.add("picture", Binary.fromConstantByteArray(bytes(i))));
    changeFooter(
        empty,
        footer -> {
          footer.setNum_rows(0);
          footer.getRow_groups().forEach(group -> group.setNum_rows(0));
        });
    assertThat(read(empty, Optional.empty())).isEmpty();
  }

  @Test
  void filesThatAreNoParquetOrAreGoneAreRejected() throws IOException {
    Path file = folder.resolve("t.parquet");
    Files.write(file, new byte[7]);
    assertThat(rejections(read(file, Optional.empty())))
        .containsExactly(
            new Rejection(
                file.toString(),
                "corrupt",
                "it is no whole Parquet file: it is not a Parquet file (length is too low: 7)"));

    Files.write(file, new byte[0]);
    StoredImages stored = new StoredImages(file.toString(), 1, 0, FileKind.PARQUET, 0, 0);
    assertThat(rejections(read(stored, Optional.empty())))
        .containsExactly(new Rejection(file.toString(), "empty", "the file has no bytes"));

    Files.delete(file);
    assertThat(rejections(read(file, 0, 5, Optional.empty())))
        .containsExactly(
            new Rejection(file.toString(), "unreadable", "there is no such file (on here)"));
  }

  @Test
  void aFileWithoutTheColumnIsUnsupported() throws IOException {
    Path file = write("message m { required int32 a; }", 1, (i, row) -> row.add("a", 1));

    assertThat(rejections(read(file, Optional.of("x"))))
        .containsExactly(
            new Rejection(
                file.toString(), "unsupported", "it has no column x; its columns are a int"));
  }

  private static ParquetColumn find(String fields, String column) throws Exception {
    return ParquetColumn.find(
        MessageTypeParser.parseMessageType("message m { " + fields + " }"),
        column.isEmpty() ? Optional.empty() : Optional.of(column));
  }

  /** A file of one column of so many pictures. */
  private Path pictures(int rows) throws IOException {
    return write(
        "message m { required binary picture; }",
        rows,
        (i, row) -> row.add("picture", Binary.fromConstantByteArray(bytes(i))));
  }

  /** In row groups of a few rows. */
  private Path write(String schema, int rows, BiConsumer<Integer, Group> fill) throws IOException {
    Path file = folder.resolve("t.parquet");
    MessageType type = MessageTypeParser.parseMessageType(schema);
    SimpleGroupFactory factory = new SimpleGroupFactory(type);
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new LocalOutputFile(file))
            .withType(type)
            .withConf(new Configuration())
            .withRowGroupSize(30_000L)
            .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
            .withMinRowCountForPageSizeCheck(10)
            .build()) {
      for (int i = 0; i < rows; i++) {
        Group row = factory.newGroup();
        fill.accept(i, row);
        writer.write(row);
      }
    }
    return file;
  }

  /** Rewrites what a file says of itself. */
  private static void changeFooter(Path file, Consumer<FileMetaData> change) throws IOException {
    ByteBuffer content = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int tail = content.capacity() - 8; // the footer's length, then PAR1
    int start = tail - content.getInt(tail);
    FileMetaData footer =
        Util.readFileMetaData(new ByteArrayInputStream(content.array(), start, tail - start));
    change.accept(footer);
    ByteArrayOutputStream changed = new ByteArrayOutputStream();
    Util.writeFileMetaData(footer, changed);
    ByteBuffer out = ByteBuffer.allocate(start + changed.size() + 8).order(ByteOrder.LITTLE_ENDIAN);
    out.put(content.array(), 0, start).put(changed.toByteArray()).putInt(changed.size());
    Files.write(file, out.put(content.array(), tail + 4, 4).array());
  }

  private List<EncodedImage> read(Path file, Optional<String> column) throws IOException {
    return read(file, 0, Files.size(file), column);
  }

  private List<EncodedImage> read(Path file, long start, long end, Optional<String> column) {
    return read(
        new StoredImages(
            file.toString(),
            folder.toString().length() + 1,
            Math.max(end, 5),
            FileKind.PARQUET,
            start,
            end),
        column);
  }

  private static List<EncodedImage> read(StoredImages file, Optional<String> column) {
    List<EncodedImage> images = new ArrayList<>();
    try (ParquetImages source =
        new ParquetImages(
            file,
            new ImageStore(new HadoopFiles(new Configuration())),
            new Configuration(),
            column,
            "here")) {
      source.forEachRemaining(images::add);
    }
    return images;
  }

  private static List<Rejection> rejections(List<EncodedImage> images) {
    return images.stream().flatMap(image -> image.rejection().stream()).toList();
  }

  private static byte[] bytes(int seed) {
    byte[] bytes = new byte[500 + seed];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
