package dev.syncnorm.spark.dataset;

import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.Rejection;
import java.io.Serializable;

/**
 * How one host fared with the images that it was to read; parts of one host add up.
 *
 * @param images those it came to
 * @param unreadable those of them that it could not read at all
 * @param first the first of these, or null if there is none
 */
public record HostReads(String host, long images, long unreadable, Rejection first)
    implements Serializable {

  /** A host that has read nothing yet. */
  public static HostReads none(String host) {
    return new HostReads(host, 0, 0, null);
  }

  /** With one more image. */
  public HostReads plus(EncodedImage image) {
    boolean failed =
        image
            .rejection()
            .filter(r -> r.cause().equals(BadImageCause.UNREADABLE.label()))
            .isPresent();
    return new HostReads(
        host,
        images + 1,
        unreadable + (failed ? 1 : 0),
        first == null && failed ? image.rejection().orElseThrow() : first);
  }

  /** With what another task of the same host found. */
  public HostReads plus(HostReads other) {
    if (!host.equals(other.host)) {
      throw new IllegalArgumentException(host + " and " + other.host);
    }
    return new HostReads(
        host,
        images + other.images,
        unreadable + other.unreadable,
        first == null ? other.first : first);
  }
}
