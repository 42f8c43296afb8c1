package dev.syncnorm.spark.dataset;

import dev.syncnorm.data.PairPaths;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * What the inputs hold.
 *
 * @param folders in the order of their paths by UTF-8 bytes, no file twice
 * @param passedOver what else they hold
 */
record ListedInputs(List<FolderFiles> folders, PassedOver passedOver) {

  /** Takes each file once, of two ways to it the first. */
  static ListedInputs distinct(Collection<FolderFiles> found) {
    List<FolderFiles> ordered = new ArrayList<>(found);
    ordered.sort(
        Comparator.comparingInt(FolderFiles::order)
            .thenComparing(FolderFiles::folder, PairPaths.BY_UTF8));
    Map<String, List<FolderFiles>> byIdentity = new HashMap<>();
    List<FolderFiles> kept = new ArrayList<>(ordered.size());
    PassedOver passedOver = PassedOver.NONE;
    for (FolderFiles folder : ordered) {
      List<FolderFiles> before =
          byIdentity.computeIfAbsent(
              folder.identity().replaceFirst("/+$", ""), identity -> new ArrayList<>(1));
      FolderFiles rest = before.isEmpty() ? folder : without(before, folder);
      passedOver =
          passedOver.plus(
              new PassedOver(
                  unseen(before, folder, PassedOver::others),
                  unseen(before, folder, PassedOver::hidden)));
      before.add(rest);
      if (rest.files().count() > 0) {
        kept.add(rest);
      }
    }
    kept.sort(
        Comparator.comparing(FolderFiles::folder, PairPaths.BY_UTF8)
            .thenComparingInt(FolderFiles::order));
    return new ListedInputs(List.copyOf(kept), passedOver);
  }

  /** A pattern may have shown a part of a folder before: what is beyond the most seen at once. */
  private static long unseen(
      List<FolderFiles> before, FolderFiles folder, ToLongFunction<PassedOver> count) {
    long seen = before.stream().map(FolderFiles::passedOver).mapToLong(count).max().orElse(0);
    return Math.max(0, count.applyAsLong(folder.passedOver()) - seen);
  }

  private static FolderFiles without(List<FolderFiles> before, FolderFiles folder) {
    Set<String> names = new HashSet<>();
    before.forEach(b -> b.files().forEach(file -> names.add(fileName(file))));
    return folder.filtered(name -> !names.contains(name));
  }

  private static String fileName(StoredImages file) {
    return file.path().substring(file.path().lastIndexOf('/') + 1);
  }

  /** Files that are read. */
  long count() {
    return folders.stream().mapToLong(folder -> folder.files().count()).sum();
  }

  /** Their bytes as they are stored. */
  long bytes() {
    return folders.stream().mapToLong(folder -> folder.files().bytes()).sum();
  }
}
