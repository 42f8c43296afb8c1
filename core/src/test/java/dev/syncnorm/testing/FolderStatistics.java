package dev.syncnorm.testing;

import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.ImageMeter;
import dev.syncnorm.statistics.StatisticsAccumulator;
import dev.syncnorm.statistics.StatisticsFile;
import dev.syncnorm.statistics.StatisticsPart;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.tensor.Digests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The statistics of the images in a folder, one after another, without Spark. */
public final class FolderStatistics {

  private FolderStatistics() {}

  /** Writes FOLDER's statistics by parent folder to FILE: {@code main(FOLDER, FILE)}. */
  public static void main(String[] arguments) throws IOException {
    long start = System.nanoTime();
    DataSetStatistics s = of(Path.of(arguments[0]), arguments[0], true, 1);
    byte[] json =
        StatisticsFile.toJson(
            new DataSetStatistics(
                s.inputs(),
                s.pixels(),
                s.accepted(),
                s.bytes(),
                s.digest(),
                s.sums(),
                s.groups(),
                s.rejections(),
                (System.nanoTime() - start) / 1e9));
    StoredFile.local(Path.of(arguments[1])).write(out -> out.write(json));
  }

  /** Those of all files in a folder; the input is what the user is taken to have written. */
  public static DataSetStatistics of(Path folder, String input, boolean groups, double seconds)
      throws IOException {
    StatisticsAccumulator sums = new StatisticsAccumulator();
    MessageDigest digest = Digests.sha256();
    List<Path> files;
    try (Stream<Path> walk = Files.walk(folder)) {
      files =
          walk.filter(Files::isRegularFile)
              .sorted(Comparator.comparing(file -> folder.relativize(file).toString()))
              .toList();
    }
    try (ImageMeter meter =
        new ImageMeter(new ImageDecoder(100_000_000), PixelSettings.WHOLE_RGB, true)) {
      for (Path file : files) {
        String name = folder.relativize(file).toString();
        byte[] bytes = Files.readAllBytes(file);
        try {
          sums.accept(
              bytes.length,
              meter.measure(bytes),
              groups ? Optional.of(file.getParent().getFileName().toString()) : Optional.empty());
          digest.update(
              (name + "\0" + Digests.sha256(bytes) + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (BadImageException e) {
          sums.reject(Rejection.of(input + "/" + name, e));
        }
      }
    }
    StatisticsPart part = sums.part();
    return new DataSetStatistics(
        List.of(input),
        PixelSettings.WHOLE_RGB,
        part.accepted(),
        part.bytes(),
        Optional.of(Digests.hex(digest.digest())),
        part.sums(),
        part.groups(),
        part.rejections(),
        seconds);
  }
}
