package dev.syncnorm.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.syncnorm.data.DataException;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.testing.PairFolders;
import dev.syncnorm.spark.testing.Tars;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Reads from a real HDFS: a NameNode and a DataNode on ports of this machine's choice. */
@Timeout(180)
class HdfsInputsTest {

  private static final byte[] A = PairFolders.png(40, 30, 1);
  private static final byte[] B = PairFolders.png(30, 40, 2);

  @TempDir private static File folder;
  private static MiniDFSCluster cluster;
  private static SparkSession session;
  private static FileSystem hdfs;
  private static String root;

  @BeforeAll
  static void start() throws IOException {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.getPath());
    configuration.set("dfs.namenode.http-address", "127.0.0.1:0");
    configuration.set("dfs.datanode.http.address", "127.0.0.1:0");
    cluster = new MiniDFSCluster.Builder(configuration).numDataNodes(1).build();
    hdfs = cluster.getFileSystem();
    root = hdfs.getUri().toString();
    session =
        SparkSession.builder()
            .master("local[2]")
            .appName("HdfsInputsTest")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.warehouse.dir", folder.getPath())
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    if (session != null) {
      session.stop();
    }
    if (cluster != null) {
      cluster.shutdown(true);
    }
  }

  @Test
  void foldersPatternsArchivesAndTablesAreRead() throws Exception {
    for (int i = 0; i < 50; i++) {
      write("/all/set/n%d/%03d.png".formatted(i % 5, i), i % 2 == 0 ? A : B);
    }
    write("/all/set/_temporary/x.png", A);
    write("/all/set/n0/0.json", "{}".getBytes(StandardCharsets.UTF_8));
    byte[] tar = new Tars().file("a.png", A).file("b.png", B).bytes();
    write("/all/s/0.tar", tar);
    write("/all/s/1.tar.gz", Tars.gzip(tar));
    session.read().format("binaryFile").load(root + "/all/set/n1").write().parquet(root + "/all/t");

    ImageInputs inputs = list(root + "/all/set", root + "/all/s/*", root + "/all/t");
    List<EncodedImage> images = inputs.images().collect();

    assertThat(images).hasSize(50 + 4 + 10).allMatch(image -> image.rejection().isEmpty());
    assertThat(images.stream().filter(i -> Arrays.equals(i.bytes(), A))).hasSize(25 + 2 + 5);
    assertThat(images.stream().filter(i -> i.parent().equals("n1"))).hasSize(20);
    assertThat(inputs.passedOver()).isEqualTo(new PassedOver(1, 2));
    assertThat(list(root + "/all/set/n[0-1]/*1.png").images().map(EncodedImage::name).collect())
        .containsExactlyInAnyOrder("001.png", "011.png", "021.png", "031.png", "041.png");
  }

  @Test
  void filesThatAreLostWhileAJobRunsAreNamed() throws Exception {
    for (int i = 0; i < 20; i++) {
      write("/lost/%02d.png".formatted(i), A);
    }
    ImageInputs inputs = list(root + "/lost");
    hdfs.delete(new Path("/lost/03.png"), false);
    write("/lost/05.png", new byte[3]);

    List<EncodedImage> images = inputs.images().collect();

    List<Rejection> rejections = new ArrayList<>();
    images.forEach(image -> image.rejection().ifPresent(rejections::add));
    assertThat(images).hasSize(20);
    assertThat(rejections)
        .extracting(Rejection::path)
        .containsExactly(root + "/lost/03.png", root + "/lost/05.png");
    assertThat(rejections.get(0).message()).startsWith("there is no such file (on ");
    assertThat(rejections.get(1).message())
        .startsWith("it had %d bytes when it was listed and has 3 now".formatted(A.length));
  }

  @Test
  void mistakesAreTold() {
    DataException failure =
        catchThrowableOfType(DataException.class, () -> list(root + "/none", root + "/none/*.png"));
    assertThat(failure.problems()).hasSize(2);
    assertThat(failure.problems().get(0)).startsWith(root + "/none does not exist;");
    assertThat(failure.problems().get(1)).startsWith(root + "/none/*.png matches nothing;");
  }

  private static void write(String path, byte[] content) throws IOException {
    try (FSDataOutputStream out = hdfs.create(new Path(path), true)) {
      out.write(content);
    }
  }

  private static ImageInputs list(String... inputs) throws DataException {
    return ImageInputs.list(session, List.of(inputs), ImageInputs.Options.defaults());
  }
}
