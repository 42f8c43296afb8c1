package dev.syncnorm.spark.training;

import dev.syncnorm.data.Scanned;
import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.Rejection;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * What one task of a scan found.
 *
 * @param host where it ran
 * @param scanned the images that it came to
 * @param failure why it came to no more, or empty
 */
record ScanPart(String host, List<Scanned> scanned, String failure) implements Serializable {

  /** What each host found, in the order of their names. */
  static Map<String, List<Scanned>> byHost(List<ScanPart> parts) {
    Map<String, List<Scanned>> byHost = new TreeMap<>();
    for (ScanPart part : parts) {
      byHost.computeIfAbsent(part.host(), h -> new ArrayList<>()).addAll(part.scanned());
    }
    return byHost;
  }

  /**
   * A line for each host on which no image could be read although the driver reads the first: the
   * data set isn't there, which is no fault of the images.
   */
  static List<String> blindHosts(List<ScanPart> parts, Predicate<String> driverReads) {
    List<String> problems = new ArrayList<>();
    byHost(parts)
        .forEach(
            (host, scanned) -> {
              if (!scanned.isEmpty() && scanned.stream().allMatch(ScanPart::unreadable)) {
                Rejection first = ((Scanned.Bad) scanned.get(0)).rejection();
                if (driverReads.test(first.path())) {
                  problems.add(
                      "%s is not visible to the executors on host %s, which could read none of its %d images (the first: %s), but the driver reads it; use a path that every host sees, such as a shared file system, hdfs:// or s3a://, or copy the data to that host"
                          .formatted(first.path(), host, scanned.size(), first.message()));
                }
              }
            });
    return problems;
  }

  /** Whether a file could not even be read. */
  static boolean unreadable(Scanned scanned) {
    return scanned instanceof Scanned.Bad bad
        && bad.rejection().cause().equals(BadImageCause.UNREADABLE.label());
  }
}
