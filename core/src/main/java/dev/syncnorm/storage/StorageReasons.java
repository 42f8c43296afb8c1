package dev.syncnorm.storage;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Why something can't be read or written, in a clause for people. */
public final class StorageReasons {

  private StorageReasons() {}

  /** The reason, without the path, which the caller has told. */
  public static String of(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NoSuchFileException) {
      return "there is no such file or folder";
    }
    String reason =
        e instanceof FileSystemException file && file.getReason() != null
            ? file.getReason()
            : e.getMessage();
    return reason == null || reason.isBlank()
        ? e.getClass().getSimpleName()
        : reason.lines().findFirst().orElse("").strip();
  }
}
