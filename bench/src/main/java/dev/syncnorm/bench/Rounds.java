package dev.syncnorm.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * The protocol of a contender, as in bench/peers/rounds.py: a line of JSON when it is ready, then
 * one for each line {@code UNTIMED TIMED} of the input, with the seconds of the timed steps and the
 * losses of all. It ends with its input.
 */
final class Rounds {

  private static final ObjectMapper JSON = new ObjectMapper();

  private Rounds() {}

  /**
   * The steps of a round.
   *
   * @param seconds of each step
   * @param losses of each step
   * @param allocatedBytes by all threads in each step; none where nobody counts them
   */
  record Round(List<Double> seconds, List<Double> losses, List<Long> allocatedBytes) {}

  /** Takes steps. */
  @FunctionalInterface
  interface Contender {
    /** Takes so many steps. */
    Round run(int steps) throws Exception;
  }

  /** Serves orders to the end of the input. */
  static void serve(String name, Contender contender) throws Exception {
    tell(Map.of("ready", "%s, Java %s".formatted(name, Runtime.version())));
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      String[] counts = line.trim().split(" ");
      int untimed = Integer.parseInt(counts[0]);
      int steps = untimed + Integer.parseInt(counts[1]);
      Round round = contender.run(steps);
      tell(
          Map.of(
              "seconds",
              round.seconds().subList(untimed, steps),
              "losses",
              round.losses(),
              "allocatedBytes",
              round.allocatedBytes()));
    }
  }

  private static void tell(Map<String, ?> values) throws IOException {
    System.out.println(JSON.writeValueAsString(values));
    System.out.flush();
  }
}
