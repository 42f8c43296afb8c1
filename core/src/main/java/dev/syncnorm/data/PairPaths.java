package dev.syncnorm.data;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The path of an input and that of its target. */
public record PairPaths(String input, String target) {

  /** The order of paths in an index: by their UTF-8 bytes, whatever the locale. */
  public static final Comparator<String> BY_UTF8 =
      (a, b) ->
          Arrays.compareUnsigned(
              a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

  /**
   * Pairs the files of two folders by their path below it without its ending.
   *
   * @param inputFolder as it begins the paths of {@code inputs}, likewise the targets'
   * @return the pairs in the order of the inputs' paths
   * @throws DataException naming every file that has no partner or more than one
   */
  public static List<PairPaths> match(
      String inputFolder, List<String> inputs, String targetFolder, List<String> targets)
      throws DataException {
    List<String> problems = new ArrayList<>();
    Map<String, String> byName = byName(inputFolder, inputs, problems);
    Map<String, String> targetsByName = byName(targetFolder, targets, problems);
    List<PairPaths> pairs = new ArrayList<>();
    byName.forEach(
        (name, input) -> {
          String target = targetsByName.remove(name);
          if (target == null) {
            problems.add(
                "%s has no target: there is no %s with any ending in %s; add it or remove the input"
                    .formatted(input, name, targetFolder));
          } else {
            pairs.add(new PairPaths(input, target));
          }
        });
    targetsByName.forEach(
        (name, target) ->
            problems.add(
                "%s has no input: there is no %s with any ending in %s; add it or remove the target"
                    .formatted(target, name, inputFolder)));
    if (!problems.isEmpty()) {
      throw new DataException(problems);
    }
    if (pairs.isEmpty()) {
      throw new DataException(
          List.of("%s has no files; expected images to train on".formatted(inputFolder)));
    }
    pairs.sort(Comparator.comparing(PairPaths::input, BY_UTF8));
    return pairs;
  }

  private static Map<String, String> byName(
      String folder, List<String> paths, List<String> problems) {
    Map<String, String> byName = new TreeMap<>(BY_UTF8);
    for (String path : paths) {
      String name = path.substring(folder.length()).replaceFirst("^/+", "");
      int dot = name.lastIndexOf('.');
      String stem = dot > name.lastIndexOf('/') + 1 ? name.substring(0, dot) : name;
      String other = byName.putIfAbsent(stem, path);
      if (other != null) {
        problems.add(
            "%s and %s have the same name but for the ending; which of them belongs to a pair is unclear, remove one"
                .formatted(other, path));
      }
    }
    return byName;
  }
}
