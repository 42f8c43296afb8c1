package dev.syncnorm.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReadPlanTest {

  @Test
  void everyFileIsInOneTaskInOrderAndTasksAreOfAboutTheSameSize() {
    Random random = new Random(1);
    FolderFiles.Collector collector = new FolderFiles.Collector();
    for (int i = 0; i < 5000; i++) {
      collector.add("n%05d.jpg".formatted(i), random.nextInt(200_000), FileKind.IMAGE);
    }

    List<PackedFiles> tasks = plan(collector, 2);

    List<String> names = new ArrayList<>();
    tasks.forEach(task -> task.forEach(file -> names.add(file.name())));
    assertThat(names).hasSize(5000).isSorted().first().isEqualTo("n00000.jpg");
    // 500 MB in 64 MB each, 8 tasks for 2 cores being less.
    assertThat(tasks).hasSizeBetween(8, 10);
    assertThat(tasks).allMatch(task -> task.bytes() <= ReadPlan.MOST_BYTES);
  }

  @Test
  void manySmallFilesAreCutByTheirNumber() {
    FolderFiles.Collector collector = new FolderFiles.Collector();
    for (int i = 0; i < 100_000; i++) {
      collector.add("n%06d.png".formatted(i), 100, FileKind.IMAGE);
    }
    List<PackedFiles> tasks = plan(collector, 1);

    assertThat(tasks).hasSizeGreaterThanOrEqualTo(13).allMatch(task -> task.count() <= 8192);
    assertThat(tasks).allMatch(task -> task.packed().length < 12 * task.count());
  }

  @Test
  void anArchiveIsOneTaskAndLargeOnesBegin() {
    FolderFiles.Collector collector = new FolderFiles.Collector();
    collector.add("a.jpg", 100_000, FileKind.IMAGE);
    collector.add("b.tar", 1L << 30, FileKind.TAR);
    collector.add("c.tar", 1L << 32, FileKind.TAR);

    List<PackedFiles> tasks = plan(collector, 4);

    assertThat(tasks)
        .extracting(task -> task.iterator().next().name())
        .containsExactly("c.tar", "b.tar", "a.jpg");
  }

  @Test
  void partsOfAParquetFileFollowEachOtherWithoutGaps() {
    FolderFiles.Collector collector = new FolderFiles.Collector();
    long length = 1_000_000_007;
    collector.add("a.parquet", length, FileKind.PARQUET);

    List<PackedFiles> tasks = plan(collector, 2);

    assertThat(tasks).hasSize(15);
    long end = 0;
    for (PackedFiles task : tasks) {
      for (StoredImages part : task) {
        assertThat(part.start()).isEqualTo(end);
        assertThat(part.length()).isEqualTo(length);
        end = part.end();
      }
    }
    assertThat(end).isEqualTo(length);
  }

  private static List<PackedFiles> plan(FolderFiles.Collector collector, int cores) {
    return ReadPlan.of(
        new ListedInputs(List.of(collector.files("/data", "/data", 0, 6)), PassedOver.NONE), cores);
  }
}
