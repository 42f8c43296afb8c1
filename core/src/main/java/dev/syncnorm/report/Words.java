package dev.syncnorm.report;

import java.math.BigInteger;
import java.util.Locale;

/** Numbers as people read them. */
final class Words {

  private static final String[] UNITS = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Words() {}

  /** Such as {@code 0.0123} or {@code 1.235e-7}: four significant digits. */
  static String number(double value) {
    double size = Math.abs(value);
    if (value == 0) {
      return "0";
    }
    if (size < 1e-4 || size >= 1e7) {
      return String.format(Locale.ROOT, "%.3e", value).replaceFirst("e([+-])0", "e$1");
    }
    int digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;
    for (double limit = 0.1; digits >= 4 && size < limit; limit /= 10) {
      digits++;
    }
    return String.format(Locale.ROOT, "%,." + digits + "f", value);
  }

  /** Such as {@code 3 min 20 s}: the two greatest units that count. */
  static String duration(double seconds) {
    if (seconds < 60) {
      return String.format(Locale.ROOT, seconds < 10 ? "%.2f s" : "%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    if (whole < 3600) {
      return "%d min %d s".formatted(whole / 60, whole % 60);
    }
    if (whole < 86_400) {
      return "%d h %d min".formatted(whole / 3600, whole % 3600 / 60);
    }
    return "%d d %d h".formatted(whole / 86_400, whole % 86_400 / 3600);
  }

  /** Such as {@code 1.7 MiB}. */
  static String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0
        ? count(bytes, "byte")
        : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
  }

  /** Such as {@code 1,200}. */
  static String whole(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  /** The same of any size. */
  static String whole(BigInteger count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  /** Such as {@code 1 step} or {@code 1,200 steps}. */
  static String count(long count, String what) {
    return String.format(Locale.ROOT, "%,d %s%s", count, what, count == 1 ? "" : "s");
  }
}
