package dev.syncnorm.bench;

import dev.syncnorm.kernel.Backend;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Our training step as one contender among others: {@code StepContender CONF BACKEND WORKERS
 * THREADS [KEY=VALUE...]}.
 */
final class StepContender {

  private StepContender() {}

  /** See the class. */
  public static void main(String[] arguments) throws Exception {
    List<String> words = Arrays.asList(arguments);
    LocalTraining training =
        LocalTraining.of(Path.of(words.get(0)), words.subList(4, words.size()));
    Backend backend = Backend.valueOf(words.get(1).toUpperCase(Locale.ROOT));
    int workers = Integer.parseInt(words.get(2));
    int threads = Integer.parseInt(words.get(3));
    Rounds.serve(
        "syncnorm, " + backend.label(), steps -> training.run(steps, backend, workers, threads));
  }
}
