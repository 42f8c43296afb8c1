package dev.syncnorm.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.syncnorm.kernel.Backend;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Our training step as one contender among others: {@code StepContender CONF BACKEND WORKERS
 * THREADS [KEY=VALUE...]}. It prints a line of JSON when it is ready, then one for each line {@code
 * UNTIMED TIMED} of the input, with the seconds of the timed steps and the losses of all; it ends
 * with the input. The peers' protocol is the same: bench/peers/rounds.py.
 */
final class StepContender {

  private static final ObjectMapper JSON = new ObjectMapper();

  private StepContender() {}

  /** See the class. */
  public static void main(String[] arguments) throws Exception {
    List<String> words = Arrays.asList(arguments);
    LocalTraining training =
        LocalTraining.of(Path.of(words.get(0)), words.subList(4, words.size()));
    Backend backend = Backend.valueOf(words.get(1).toUpperCase(Locale.ROOT));
    int workers = Integer.parseInt(words.get(2));
    int threads = Integer.parseInt(words.get(3));
    tell(
        Map.of(
            "ready",
            "syncnorm, %s, Java %s".formatted(backend.label(), Runtime.version()),
            "sums",
            training.plan().phases().size()));
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      String[] counts = line.trim().split(" ");
      int untimed = Integer.parseInt(counts[0]);
      int steps = untimed + Integer.parseInt(counts[1]);
      LocalTraining.Round round = training.run(steps, backend, workers, threads);
      tell(Map.of("seconds", round.seconds().subList(untimed, steps), "losses", round.losses()));
    }
  }

  private static void tell(Map<String, ?> values) throws IOException {
    System.out.println(JSON.writeValueAsString(values));
    System.out.flush();
  }
}
