package dev.syncnorm.spark.statistics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.syncnorm.data.DataException;
import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.dataset.BadInput;
import dev.syncnorm.spark.dataset.BadInput.Policy;
import dev.syncnorm.spark.dataset.ImageInputs;
import dev.syncnorm.spark.statistics.MeasureTask.Meter;
import dev.syncnorm.spark.testing.ImageFolder;
import dev.syncnorm.spark.testing.PairFolders;
import dev.syncnorm.spark.testing.Tars;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.ImageSums;
import dev.syncnorm.tensor.Digests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A quarantine of images that are members of archives and rows of tables, named by anyone. */
@Timeout(120)
class PackedQuarantineTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final byte[] GOOD = PairFolders.png(20, 30, 1);
  private static final byte[] TRUNCATED = PairFolders.truncated(GOOD);
  private static final AtomicInteger ATTEMPTS = new AtomicInteger();
  private static volatile CountDownLatch slowBegan;
  private static volatile CountDownLatch slowEnded;
  private static SparkSession spark;

  @TempDir private Path temporary;
  private ImageFolder data;
  private ImageFolder quarantine;

  @BeforeAll
  static void startSpark() {
    spark = Sessions.start(2, Map.of());
  }

  @AfterAll
  static void stopSpark() {
    spark.stop();
  }

  @BeforeEach
  void makeFolders() {
    data = new ImageFolder(temporary.resolve("data"));
    quarantine = new ImageFolder(temporary.resolve("quarantine"));
  }

  @Test
  void membersAndRowsAreCopiedWithTheirBytesAndStayInTheFolder() throws Exception {
    String longName = "long/" + "ä".repeat(150) + "/" + "n".repeat(240) + ".png";
    byte[] tar =
        new Tars()
            .file("good.png", GOOD)
            .file("../../x.png", text("up"))
            .file("a/../../../y.png", text("further up"))
            .file("/etc/absolute.png", TRUNCATED)
            .file("new\nline.png", text("two lines"))
            .file("empty.png", new byte[0])
            .file(longName, text("a long name"))
            .member("link.png", TarConstants.LF_SYMLINK, "../../../etc/passwd")
            .file("labels.txt", text("no image"))
            .bytes();
    data.file("a.tar", tar);
    byte[] packed = Tars.gzip(new Tars().file("g.png", GOOD).file("bad.png", TRUNCATED).soFar());
    data.file("deep/b.tar.gz", packed);
    Path table = data.folder().resolve("t.parquet");
    table(table, Arrays.asList(GOOD, text("a row"), null, TRUNCATED));
    data.file("plain.png", text("a file"));
    Map<String, String> before = content(temporary);

    DataSetStatistics statistics = run(data.path());

    assertThat(statistics.accepted()).isEqualTo(3);
    assertThat(statistics.rejections())
        .extracting(r -> r.path().substring(data.path().length() + 1) + " " + r.cause())
        .containsExactlyInAnyOrder(
            "a.tar!%2E%2E/%2E%2E/x.png not-an-image",
            "a.tar!a/%2E%2E/%2E%2E/%2E%2E/y.png not-an-image",
            "a.tar!etc/absolute.png truncated",
            "a.tar!new%0Aline.png not-an-image",
            "a.tar!empty.png empty",
            "a.tar!" + longName + " not-an-image",
            "a.tar!link.png unsupported",
            "deep/b.tar.gz!bad.png truncated",
            "deep/b.tar.gz truncated",
            "t.parquet#1 not-an-image",
            "t.parquet#2 empty",
            "t.parquet#3 truncated",
            "plain.png not-an-image");
    Map<String, byte[]> copies = copies(statistics);
    assertThat(copies.get("a.tar!%2E%2E/%2E%2E/x.png")).isEqualTo(text("up"));
    assertThat(copies.get("a.tar!a/%2E%2E/%2E%2E/%2E%2E/y.png")).isEqualTo(text("further up"));
    assertThat(copies.get("a.tar!etc/absolute.png")).isEqualTo(TRUNCATED);
    assertThat(copies.get("a.tar!new%0Aline.png")).isEqualTo(text("two lines"));
    assertThat(copies.get("a.tar!empty.png")).isEmpty();
    assertThat(copies.get("a.tar!" + longName)).isEqualTo(text("a long name"));
    assertThat(copies.get("deep/b.tar.gz!bad.png")).isEqualTo(TRUNCATED);
    assertThat(copies.get("t.parquet#1")).isEqualTo(text("a row"));
    assertThat(copies.get("t.parquet#3")).isEqualTo(TRUNCATED);
    assertThat(copies.get("plain.png")).isEqualTo(text("a file"));
    assertThat(copies).as("not the link, the broken archive and the null").hasSize(10);
    assertThat(quarantine.names()).hasSize(10 + 1).contains("a.tar!%2E%2E/%2E%2E/x.png");
    Map<String, String> after = content(temporary);
    after.keySet().removeIf(path -> path.startsWith("quarantine/"));
    assertThat(after).as("outside of the quarantine").isEqualTo(before);

    Map<String, String> first = content(quarantine.folder());
    run(data.path());
    assertThat(content(quarantine.folder())).as("after a second run").isEqualTo(first);
  }

  @Test
  void membersOfOneNameHaveALineEachAndTheSameBytesOneCopy() throws Exception {
    Tars tars = new Tars().file("good.png", GOOD);
    for (String content : List.of("hello", "world", "hello", "other")) {
      tars.file("twin.png", text(content));
    }
    data.file("a.tar", tars.bytes());

    DataSetStatistics statistics = run(data.path());

    assertThat(statistics.rejections()).hasSize(4);
    assertThat(quarantine.names())
        .containsExactly(
            "a.tar!twin-2.png", "a.tar!twin-3.png", "a.tar!twin.png", "rejections.jsonl");
    assertThat(List.of("a.tar!twin.png", "a.tar!twin-2.png", "a.tar!twin-3.png"))
        .extracting(name -> new String(quarantine.bytes(name), UTF_8))
        .containsExactlyInAnyOrder("hello", "world", "other");
    List<String> copies = new ArrayList<>();
    for (JsonNode line : list()) {
      assertThat(rejection(line)).isIn(statistics.rejections());
      copies.add(new String(quarantine.bytes(line.get("copy").textValue()), UTF_8));
    }
    assertThat(copies).containsExactlyInAnyOrder("hello", "hello", "world", "other");
    Map<String, String> first = content(quarantine.folder());

    run(data.path());

    assertThat(content(quarantine.folder())).isEqualTo(first);
  }

  @Test
  void aNameThatIsAFileAndAFolderIsBoth() throws Exception {
    byte[] tar =
        new Tars()
            .file("good.png", GOOD)
            .file("x", text("a file"))
            .file("x/y.png", text("below it"))
            .file("z/1.png", text("below the next"))
            .file("z", text("another file"))
            .bytes();
    data.file("a.tar", tar);

    Map<String, byte[]> copies = copies(run(data.path()));

    assertThat(copies.get("a.tar!x")).isEqualTo(text("a file"));
    assertThat(copies.get("a.tar!x/y.png")).isEqualTo(text("below it"));
    assertThat(copies.get("a.tar!z/1.png")).isEqualTo(text("below the next"));
    assertThat(copies.get("a.tar!z")).isEqualTo(text("another file"));
    Map<String, String> first = content(quarantine.folder());
    run(data.path());
    assertThat(content(quarantine.folder())).isEqualTo(first);
  }

  @Test
  void anImageNamedAsTheListIsKeptBesideIt() throws Exception {
    data.file("good.png", GOOD).file("rejections.jsonl", text("a copy of old"));

    DataSetStatistics statistics =
        run(data.path() + "/good.png", data.path() + "/rejections.jsonl");

    assertThat(copies(statistics).get("rejections.jsonl")).isEqualTo(text("a copy of old"));
    assertThat(quarantine.names()).containsExactly("rejections-2.jsonl", "rejections.jsonl");
  }

  @Test
  void aJobThatFailsLeavesNothing() throws Exception {
    Files.delete(quarantine.folder());
    // Two archives are two tasks: one that fails for ever, one whose bad image comes after that.
    data.file("fails.tar", new Tars().file("f.png", GOOD).file("g", new byte[1 << 20]).bytes());
    data.file("slow.tar", new Tars().file("s.png", TRUNCATED).file("t", new byte[1 << 20]).bytes());
    slowBegan = new CountDownLatch(1);
    slowEnded = new CountDownLatch(1);

    DataException failure =
        catchThrowableOfType(
            DataException.class,
            () ->
                new StatisticsJob(
                        spark, request(data.path()), NO_PROGRESS, PackedQuarantineTest::failing)
                    .run());

    assertThat(failure.problems()).singleElement().asString().startsWith("the job failed: ");
    assertThat(slowEnded.await(30, TimeUnit.SECONDS)).isTrue();
    Thread.sleep(500); // what a task does that nobody has waited for
    assertThat(quarantine.folder()).doesNotExist();
  }

  @Test
  void whenNoImageIsGoodTheQuarantineIsWholeThoughTheJobFails() throws Exception {
    data.file("a.tar", new Tars().file("1.png", text("one")).file("2.png", text("two")).bytes());

    DataException failure = catchThrowableOfType(DataException.class, () -> run(data.path()));

    assertThat(failure.problems()).singleElement().asString().contains("all 2 were rejected");
    assertThat(quarantine.names())
        .containsExactly("a.tar!1.png", "a.tar!2.png", "rejections.jsonl");
    assertThat(list()).hasSize(2);
  }

  /** The copies by the paths of their images in the data, each in the folder as it is listed. */
  private Map<String, byte[]> copies(DataSetStatistics statistics) throws IOException {
    List<JsonNode> lines = list();
    assertThat(lines)
        .extracting(PackedQuarantineTest::rejection)
        .containsExactlyElementsOf(statistics.rejections());
    Map<String, byte[]> copies = new HashMap<>();
    for (JsonNode line : lines) {
      if (line.has("copy")) {
        Path copy = quarantine.folder().resolve(line.get("copy").textValue());
        assertThat(copy.normalize()).startsWith(quarantine.folder());
        assertThat(copy.toRealPath()).startsWith(quarantine.folder().toRealPath());
        String path = line.get("path").textValue().substring(data.path().length() + 1);
        copies.put(path, Files.readAllBytes(copy));
      }
    }
    return copies;
  }

  private static Rejection rejection(JsonNode line) {
    return new Rejection(
        line.get("path").textValue(),
        line.get("cause").textValue(),
        line.get("message").textValue());
  }

  private List<JsonNode> list() throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(quarantine.folder().resolve("rejections.jsonl"))) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  /** The SHA-256 of each file below a folder. */
  private static Map<String, String> content(Path folder) {
    ImageFolder files = new ImageFolder(folder);
    Map<String, String> content = new TreeMap<>();
    files.names().forEach(name -> content.put(name, Digests.sha256(files.bytes(name))));
    return content;
  }

  private static byte[] text(String content) {
    return content.getBytes(UTF_8);
  }

  private static void table(Path file, List<byte[]> images) throws IOException {
    MessageType type = MessageTypeParser.parseMessageType("message m { optional binary content; }");
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new LocalOutputFile(file))
            .withType(type)
            .withConf(new Configuration())
            .build()) {
      for (byte[] image : images) {
        Group row = new SimpleGroupFactory(type).newGroup();
        if (image != null) {
          row.add("content", Binary.fromConstantByteArray(image));
        }
        writer.write(row);
      }
    }
  }

  private static final StatisticsJob.Progress NO_PROGRESS =
      new StatisticsJob.Progress() {
        @Override
        public void listed(ImageInputs inputs) {}

        @Override
        public void advanced(StatisticsJob.Status status) {}
      };

  private DataSetStatistics run(String... inputs) throws DataException, InterruptedException {
    return new StatisticsJob(spark, request(inputs), NO_PROGRESS).run().orElseThrow().statistics();
  }

  private StatisticsJob.Request request(String... inputs) {
    return new StatisticsJob.Request(
        List.of(inputs),
        List.of(inputs),
        Measuring.DEFAULT,
        true,
        false,
        ImageInputs.Options.defaults(),
        new BadInput(Policy.QUARANTINE, Optional.of(quarantine.path())));
  }

  /**
   * Fails on a good image as a program does; a bad one is told only after the last such failure.
   */
  private static Meter failing() {
    return new Meter() {
      @Override
      public ImageSums measure(byte[] file) throws BadImageException {
        try {
          if (Arrays.equals(file, TRUNCATED)) {
            slowBegan.countDown();
            while (ATTEMPTS.get() < 4) {
              Thread.sleep(10);
            }
            Thread.sleep(1000);
            throw new BadImageException(BadImageCause.TRUNCATED, "after a while");
          }
          if (!slowBegan.await(30, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the other task does not begin");
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException(e);
        } finally {
          if (Arrays.equals(file, TRUNCATED)) {
            slowEnded.countDown();
          }
        }
        ATTEMPTS.incrementAndGet();
        throw new IllegalStateException("fails always");
      }

      @Override
      public void close() {}
    };
  }
}
