package dev.syncnorm.spark.dataset;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.nio.file.AccessDeniedException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import org.apache.hadoop.security.AccessControlException;

/** Why something can't be read, in one line for people. */
public final class Reasons {

  private static final int LONGEST = 300;

  private Reasons() {}

  /** The reason. */
  public static String of(Throwable e) {
    String message = message(e);
    if (e instanceof AccessDeniedException denied && denied.getReason() != null) {
      return "permission denied: " + shortened(message);
    }
    if (e instanceof AccessDeniedException
        || (e instanceof FileNotFoundException && message.endsWith("(Permission denied)"))) {
      return "permission denied";
    }
    if (e instanceof NoSuchFileException || e instanceof FileNotFoundException) {
      return "there is no such file";
    }
    if (e instanceof InvalidPathException invalid && !invalid.getInput().contains("\0")) {
      return "its name has letters that Java can't write in the charset of its locale, %s; set LC_ALL to a UTF-8 locale such as C.UTF-8, on a cluster for the executors too"
          .formatted(System.getProperty("sun.jnu.encoding"));
    }
    String line = shortened(message);
    if (e instanceof AccessControlException) {
      return line.toLowerCase(Locale.ROOT).startsWith("permission denied")
          ? "p" + line.substring(1)
          : "permission denied: " + line;
    }
    if (line.isEmpty() || e.getMessage() == null) {
      return e instanceof EOFException ? "it ends too early" : e.getClass().getSimpleName();
    }
    return line;
  }

  /** The cause's message where the exception's own repeats it with class names, as that of S3A. */
  private static String message(Throwable e) {
    String message = String.valueOf(e.getMessage());
    Throwable cause = e.getCause();
    return cause != null && cause.getMessage() != null && message.contains(cause.toString())
        ? cause.getMessage()
        : message;
  }

  private static String shortened(String message) {
    String line = message.lines().findFirst().orElse("").strip();
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "...";
  }
}
