package dev.syncnorm.spark.ml;

import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** PNG files with labels; among those of "cat" there are two bad files and a null. */
final class LabelledImages {
  static final StructType SCHEMA = StructType.fromDDL("label STRING, path STRING, content BINARY");
  static final List<String> LABELS = List.of("cat", "dog", "eel");
  private static final int EACH = 9;

  private LabelledImages() {}

  /** The good pictures of a label. */
  static List<BufferedImage> pictures(String label) {
    List<BufferedImage> pictures = new ArrayList<>();
    for (int i = 0; i < EACH; i++) {
      pictures.add(ImageFiles.picture(5 + i, 20 - i, 100L * LABELS.indexOf(label) + i));
    }
    return pictures;
  }

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (String label : LABELS) {
      for (BufferedImage picture : pictures(label)) {
        byte[] file = ImageFiles.encode(picture, "png");
        rows.add(RowFactory.create(label, label + "/" + rows.size() + ".png", file));
      }
    }
    byte[] good = ImageFiles.encode(ImageFiles.picture(30, 30, 7), "png");
    rows.add(RowFactory.create("cat", "cat/cut.png", Arrays.copyOf(good, good.length / 2)));
    rows.add(
        RowFactory.create(
            "cat",
            "cat/text.png",
            "no image at all".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
    rows.add(RowFactory.create("cat", "cat/null.png", null));
    return rows;
  }

  static Dataset<Row> dataset(SparkSession spark, int partitions) {
    return spark.createDataFrame(rows(), SCHEMA).repartition(partitions);
  }
}
