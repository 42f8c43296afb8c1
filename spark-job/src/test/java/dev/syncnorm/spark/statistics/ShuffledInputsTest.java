package dev.syncnorm.spark.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.data.DataException;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.spark.dataset.BadInput;
import dev.syncnorm.spark.dataset.BadInput.Policy;
import dev.syncnorm.spark.dataset.ImageInputs;
import dev.syncnorm.spark.testing.ImageFolder;
import dev.syncnorm.spark.testing.PairFolders;
import dev.syncnorm.spark.testing.Tars;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.tensor.Digests;
import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same files in any order and place: as one folder, as several in any order, in archives and in
 * tables, in any number of partitions. The files of statistics are the same to the bit, by their
 * SHA-256, but for the fields that say where the files lie and how long it took.
 */
@Timeout(180)
class ShuffledInputsTest {

  /** Each is over the megabyte that is a task of its own. */
  private static final int LARGE = 7;

  private static final long SEED = new Random().nextLong();
  private static SparkSession spark;

  @TempDir private static Path temporary;
  private static ImageFolder whole;
  private static final Map<String, byte[]> FILES = new TreeMap<>();

  @BeforeAll
  static void makeImages() {
    spark = Sessions.start(2, Map.of());
    for (int i = 0; i < LARGE; i++) {
      FILES.put("class%d/large%d.png".formatted(i % 3, i), PairFolders.png(900, 900, i));
    }
    for (int i = 0; i < 30; i++) {
      FILES.put("class%d/%02d.png".formatted(i % 4, i), PairFolders.png(20 + i, 50 - i, i));
    }
    for (int i = 0; i < 5; i++) {
      BufferedImage sixteen = ImageFiles.picture(9 + i, 8, i, BufferedImage.TYPE_USHORT_GRAY);
      FILES.put("class%d/deep%d.png".formatted(i, i), ImageFiles.encode(sixteen, "png"));
      byte[] jpeg = ImageFiles.jpeg(ImageFiles.picture(64, 40 + i, i), i % 2 == 0);
      FILES.put("class%d/%d.jpg".formatted(i, i), jpeg);
    }
    FILES.put("class1/empty.png", new byte[0]);
    FILES.put("class2/cut.png", PairFolders.truncated(PairFolders.png(30, 30, 1)));
    FILES.put("class2/text.jpg", "hello".getBytes(StandardCharsets.UTF_8));
    whole = folder("whole");
    FILES.forEach(whole::file);
  }

  @AfterAll
  static void stopSpark() {
    spark.stop();
  }

  /** What all the others are compared with is that of every pixel. */
  @Test
  void theWholeFolderIsMeasuredExactly() throws Exception {
    ImageFolder pngs = folder("pngs");
    FILES.entrySet().stream()
        .filter(file -> file.getKey().matches(".*/(\\d+|large\\d)\\.png"))
        .forEach(file -> pngs.file(file.getKey(), file.getValue()));

    DataSetStatistics statistics = measure(List.of(pngs.path()), true, true).statistics();

    new PixelOracle(pngs.names().stream().map(pngs.folder()::resolve).toList())
        .check(statistics.sums().get(new PixelKind(3, 8)));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void severalFoldersInAnyOrderAreTheWhole(boolean grouped) throws Exception {
    Measured expected = measure(List.of(whole.path()), grouped, true);
    assertThat(expected.partitions()).isGreaterThanOrEqualTo(LARGE);
    assertThat(expected.statistics().rejections()).hasSize(3);
    assertThat(expected.statistics().groups()).hasSize(grouped ? 5 : 0);
    Random random = new Random(SEED);
    for (int parts : new int[] {1, 2, 3, 7}) {
      List<String> inputs = new ArrayList<>();
      for (int part = 0; part < parts; part++) {
        inputs.add(folder("%s-%d-of-%d".formatted(grouped, part, parts)).path());
      }
      FILES.forEach(
          (name, content) ->
              new ImageFolder(Path.of(inputs.get(random.nextInt(parts)))).file(name, content));
      inputs.removeIf(input -> new ImageFolder(Path.of(input)).names().isEmpty());
      for (int order = 0; order < 3; order++) {
        Collections.shuffle(inputs, random);

        Measured shuffled = measure(inputs, grouped, true);

        assertThat(shuffled.hash()).as("%s, seed %d", inputs, SEED).isEqualTo(expected.hash());
        assertThat(shuffled.rejections()).isEqualTo(expected.rejections());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void archivesInAnyNumberAndOrderAreTheFolder(boolean grouped) throws Exception {
    Measured expected = measure(List.of(whole.path()), grouped, false);
    Random random = new Random(SEED);
    for (int partitions : new int[] {1, 2, 3, 7}) {
      List<String> names = new ArrayList<>(FILES.keySet());
      Collections.shuffle(names, random);
      // One large image each at least, which keeps archives from sharing a task.
      List<String> large = names.stream().filter(name -> name.contains("large")).toList();
      names.removeAll(large);
      List<Tars> tars = new ArrayList<>();
      for (int i = 0; i < partitions; i++) {
        tars.add(new Tars());
      }
      for (int i = 0; i < large.size(); i++) {
        tars.get(i % partitions).file(large.get(i), FILES.get(large.get(i)));
      }
      names.forEach(name -> tars.get(random.nextInt(partitions)).file(name, FILES.get(name)));
      ImageFolder folder = folder("tars-%s-%d".formatted(grouped, partitions));
      for (int i = 0; i < partitions; i++) {
        byte[] tar = tars.get(i).bytes();
        folder.file(i + (i % 2 == 0 ? ".tar" : ".tar.gz"), i % 2 == 0 ? tar : Tars.gzip(tar));
      }
      List<String> inputs =
          new ArrayList<>(
              folder.names().stream().map(folder.folder()::resolve).map(Path::toString).toList());
      Collections.shuffle(inputs, random);

      Measured archives = measure(inputs, grouped, false);

      assertThat(archives.partitions()).isEqualTo(partitions);
      assertThat(archives.hash()).as("%s, seed %d", inputs, SEED).isEqualTo(expected.hash());
      assertThat(archives.rejections()).isEqualTo(expected.rejections());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void tablesAreTheFolder(boolean grouped) throws Exception {
    Measured expected = measure(List.of(whole.path()), grouped, false);
    for (int files : new int[] {1, 2, 3, 7}) {
      String table = temporary.resolve("table-%s-%d".formatted(grouped, files)).toString();
      spark
          .read()
          .format("binaryFile")
          .option("recursiveFileLookup", "true")
          .load(whole.path())
          .repartition(files)
          .write()
          .parquet(table);

      Measured rows = measure(List.of(table), grouped, false);

      assertThat(rows.hash()).as(table).isEqualTo(expected.hash());
      assertThat(rows.causes())
          .as("Spark's binaryFile leaves out empty files")
          .containsExactlyElementsOf(
              expected.causes().stream().filter(cause -> !cause.startsWith("empty ")).toList());
    }
  }

  /** A sum that is wrong by one shows. */
  @Test
  void anotherPixelIsAnotherHash() throws Exception {
    ImageFolder one = folder("one").png("1.png", 9, 9);
    String before = measure(List.of(one.path()), false, false).hash();
    one.file("1.png", PairFolders.png(9, 9, 12345));

    assertThat(measure(List.of(one.path()), false, false).hash()).isNotEqualTo(before);
  }

  private static ImageFolder folder(String name) {
    return new ImageFolder(temporary.resolve(name));
  }

  /** What a job has found, from how many partitions. */
  private record Measured(DataSetStatistics statistics, int partitions) {

    /** Of the file, without where and when. */
    String hash() {
      DataSetStatistics anywhere =
          new DataSetStatistics(
              List.of(),
              statistics.pixels(),
              statistics.accepted(),
              statistics.bytes(),
              statistics.digest(),
              statistics.sums(),
              statistics.groups(),
              List.of(),
              0);
      return Digests.sha256(Json.withoutTime(anywhere).getBytes(StandardCharsets.UTF_8));
    }

    /** By the files' names in their folders, which no place changes. */
    List<String> rejections() {
      return statistics.rejections().stream()
          .map(
              r ->
                  r.path().replaceFirst(".*(?=class\\d)", "") + " " + r.cause() + " " + r.message())
          .sorted()
          .toList();
    }

    List<String> causes() {
      return statistics.rejections().stream()
          .map(r -> r.cause() + " " + r.message())
          .sorted()
          .toList();
    }
  }

  private static Measured measure(List<String> inputs, boolean grouped, boolean digest)
      throws DataException, InterruptedException {
    int[] partitions = {0};
    StatisticsJob.Request request =
        new StatisticsJob.Request(
            inputs,
            inputs,
            Measuring.DEFAULT,
            digest,
            grouped,
            ImageInputs.Options.defaults(),
            new BadInput(Policy.SKIP, Optional.empty()));
    StatisticsJob.Progress progress =
        new StatisticsJob.Progress() {
          @Override
          public void listed(ImageInputs listed) {
            partitions[0] = listed.partitionBytes().length;
          }

          @Override
          public void advanced(StatisticsJob.Status status) {}
        };
    DataSetStatistics statistics =
        new StatisticsJob(spark, request, progress).run().orElseThrow().statistics();
    return new Measured(statistics, partitions[0]);
  }
}
