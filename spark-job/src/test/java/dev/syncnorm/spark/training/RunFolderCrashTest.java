package dev.syncnorm.spark.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.spark.dataset.HadoopFolder;
import dev.syncnorm.spark.testing.HdfsLikeFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem.Store;
import dev.syncnorm.spark.testing.ObjectStoreFileSystem;
import dev.syncnorm.storage.Folder;
import dev.syncnorm.testing.TinyTraining;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.RunDescription;
import dev.syncnorm.training.RunFolder;
import dev.syncnorm.training.TrainingException;
import dev.syncnorm.training.TrainingState;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run folder on storages that can do little, whose writer crashes at every possible moment. */
class RunFolderCrashTest {

  private static final TinyTraining TRAINING = TinyTraining.of(4, 2, 3, false);
  private static final RunDescription RUN =
      new RunDescription(
          TRAINING.plan(), TRAINING.optimizer(), TRAINING.schedule(), "a = 1", "data", 2);
  private static final Configuration HADOOP = new Configuration();
  private static final byte[] INDEX = "the index".getBytes(StandardCharsets.UTF_8);

  @BeforeAll
  static void registerFileSystems() {
    HADOOP.set("fs.hdfslike.impl", HdfsLikeFileSystem.class.getName());
    HADOOP.set("fs.keys.impl", ObjectStoreFileSystem.class.getName());
  }

  @ParameterizedTest
  @ValueSource(strings = {HdfsLikeFileSystem.SCHEME, ObjectStoreFileSystem.SCHEME})
  void afterACrashAtAnyMomentARunGoesOnAndEndsTheSame(String scheme) throws Exception {
    List<CommittedStep> steps = TRAINING.sequentialRun();
    Store store = MemoryFileSystem.store(scheme + "://crashing");
    write(create(scheme), steps, 0);
    Map<String, byte[]> expected = shown(store);
    assertThat(expected).hasSize(3 + 2 * 4 + (scheme.equals("hdfslike") ? 5 : 0));

    int changes = 0;
    boolean crashed = true;
    while (crashed) {
      store.entries().clear();
      RunFolder run = create(scheme);
      store.crashAfter(changes);
      int checkpoints = write(run, steps, 0);
      crashed = store.recover();

      RunFolder again = RunFolder.open(folder(scheme), RUN);
      List<String> warnings = new ArrayList<>();
      TrainingState state = again.resume(TRAINING.initial(), warnings::add);
      assertThat(warnings).as("after %d changes", changes).isEmpty();
      assertThat(state.step()).isBetween((long) checkpoints, checkpoints + 1L);
      assertThat(write(again, steps, (int) state.step())).isEqualTo(steps.size());
      Map<String, byte[]> actual = shown(store);
      if (state.step() == steps.size()) { // nobody is left to remove the oldest one
        actual.keySet().removeIf(path -> path.contains("/step-00000004"));
      }
      assertThat(actual).as("after %d changes", changes).containsExactlyEntriesOf(expected);
      changes++;
    }
    assertThat(changes).isGreaterThan(60);
  }

  @ParameterizedTest
  @ValueSource(strings = {HdfsLikeFileSystem.SCHEME, ObjectStoreFileSystem.SCHEME})
  void afterACrashAtItsBeginningARunIsWholeOrNone(String scheme) throws Exception {
    Store store = MemoryFileSystem.store(scheme + "://crashing");
    int changes = 0;
    boolean crashed = true;
    while (crashed) {
      store.entries().clear();
      store.crashAfter(changes);
      try {
        create(scheme);
      } catch (TrainingException e) {
        assertThat(e)
            .hasMessage(
                "the run folder %s can't be written: IO crashed; choose another with --run"
                    .formatted(folder(scheme).path("")));
      }
      crashed = store.recover();

      if (store.entries().containsKey("/run/index.json")) {
        assertThat(RunFolder.indexOf(folder(scheme), "a = 1")).isEqualTo(INDEX);
      } else {
        assertThatThrownBy(() -> RunFolder.indexOf(folder(scheme), "a = 1"))
            .hasMessageContaining("holds no run that could be resumed");
      }
      changes++;
    }
    assertThat(changes).isGreaterThan(6);
  }

  private static RunFolder create(String scheme) throws TrainingException {
    return RunFolder.create(folder(scheme), RUN, INDEX);
  }

  /** Writes steps with a checkpoint after each; the last step whose checkpoint was written. */
  private static int write(RunFolder run, List<CommittedStep> steps, int done) {
    int checkpoints = done;
    try (run) {
      for (CommittedStep step : steps.subList(done, steps.size())) {
        run.appendHistory(step, 0.25, Map.of());
        run.writeCheckpoint(step);
        checkpoints++;
      }
    } catch (TrainingException e) {
      assertThat(e).hasMessageContaining("crashed");
    }
    return checkpoints;
  }

  /** Everything but what a crash has left beside it: hidden files. */
  private static Map<String, byte[]> shown(Store store) {
    Map<String, byte[]> shown = new TreeMap<>(store.entries());
    shown.keySet().removeIf(path -> path.contains("/."));
    return shown;
  }

  private static Folder folder(String scheme) {
    return new HadoopFolder(HADOOP, scheme + "://crashing/run");
  }
}
