package dev.syncnorm.data;

import dev.syncnorm.data.DataIndex.Image;
import dev.syncnorm.image.Rejection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Which pairs of a scanned data set are trained on: a pair goes or stays together. */
public final class PairSelection {

  /** The cause of both images of a pair whose sizes differ. */
  public static final String TWO_SIZES = "two-sizes";

  /** The cause of a good image whose partner is bad. */
  public static final String BAD_PARTNER = "bad-partner";

  private PairSelection() {}

  /**
   * Accepts the pairs of two good images of one size.
   *
   * @param scanned what was found out about every path of the pairs
   * @return the index; every image of the pairs is in it, accepted or rejected
   */
  public static DataIndex of(List<PairPaths> pairs, Map<String, Scanned> scanned) {
    List<DataIndex.Pair> accepted = new ArrayList<>();
    List<Rejection> rejected = new ArrayList<>();
    for (PairPaths pair : pairs) {
      Scanned input = scanned.get(pair.input());
      Scanned target = scanned.get(pair.target());
      if (input instanceof Scanned.Good a && target instanceof Scanned.Good b) {
        if (oneSize(a.image(), b.image())) {
          accepted.add(new DataIndex.Pair(a.image(), b.image()));
        } else {
          rejected.add(twoSizes(a.image(), "target", b.image()));
          rejected.add(twoSizes(b.image(), "input", a.image()));
        }
      } else {
        rejected.add(rejection(input, "target", pair.target()));
        rejected.add(rejection(target, "input", pair.input()));
      }
    }
    return new DataIndex(accepted, rejected);
  }

  private static boolean oneSize(Image a, Image b) {
    return a.width() == b.width() && a.height() == b.height();
  }

  private static Rejection twoSizes(Image image, String role, Image partner) {
    return new Rejection(
        image.path(),
        TWO_SIZES,
        "%dx%d but its %s %s is %dx%d; a pair must have one size"
            .formatted(
                image.width(),
                image.height(),
                role,
                partner.path(),
                partner.width(),
                partner.height()));
  }

  private static Rejection rejection(Scanned scanned, String role, String partner) {
    if (scanned instanceof Scanned.Bad bad) {
      return bad.rejection();
    }
    return new Rejection(
        scanned.path(), BAD_PARTNER, "its %s %s was rejected".formatted(role, partner));
  }
}
