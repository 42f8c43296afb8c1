package dev.syncnorm.report;

import dev.syncnorm.storage.Folder;
import dev.syncnorm.storage.Folder.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Optional;

/** Reads the files of a run folder, none of them further than a limit. */
final class RunFiles {

  private final Folder folder;

  /**
   * The files of a folder.
   *
   * @throws ReportException if it is no run folder
   */
  RunFiles(Folder folder) throws ReportException {
    this.folder = folder;
    try {
      Kind kind = folder.kind("");
      if (kind != Kind.FOLDER) {
        throw new ReportException(
            "%s %s; expected the folder of a run, as `syncnorm train` prints it, or a stats.json of `syncnorm stats`"
                .formatted(path(""), kind == Kind.FILE ? "is no folder" : "does not exist"));
      }
      for (String name : new String[] {"config.conf", "index.json"}) {
        if (folder.kind(name) != Kind.FILE) {
          throw new ReportException(
              "%s is not a run folder: it has no %s; expected the folder of a run, as `syncnorm train` prints it, or a stats.json of `syncnorm stats`"
                  .formatted(path(""), name));
        }
      }
    } catch (IOException e) {
      throw unreadable(path(""), e);
    }
  }

  /** Where a file of the run is. */
  String path(String name) {
    return folder.path(name);
  }

  /** The folder's own name. */
  String name() {
    return folder.name();
  }

  /** Opens a file. */
  InputStream open(String name) throws IOException {
    return folder.open(name);
  }

  /** The names in a folder of the run. */
  List<String> list(String name) throws ReportException {
    try {
      return folder.list(name);
    } catch (IOException e) {
      throw unreadable(path(name), e);
    }
  }

  /** The bytes of a file, or -1 if there is none that could be read. */
  long size(String name) {
    try {
      return folder.size(name);
    } catch (IOException e) {
      return -1;
    }
  }

  /**
   * The content of a file, or empty if there is none.
   *
   * @throws ReportException if it has more bytes than the limit or can't be read
   */
  Optional<byte[]> read(String name, int limit) throws ReportException {
    try (InputStream in = open(name)) {
      byte[] content = in.readNBytes(limit + 1);
      if (content.length > limit) {
        throw new ReportException(
            "%s has more than %s; expected a file that syncnorm wrote"
                .formatted(path(name), Words.bytes(limit)));
      }
      return Optional.of(content);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw unreadable(path(name), e);
    }
  }

  /** What to say of a file that can't be read. */
  static ReportException unreadable(String file, IOException e) {
    return new ReportException(
        "%s can't be read: %s %s"
            .formatted(
                file,
                e.getClass().getSimpleName().replace("Exception", ""),
                String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
        e);
  }

  /**
   * The bytes up to the next line feed, without it; empty at the end of the stream and for a last
   * line that no line feed ends, which is one that is being written or was cut off.
   *
   * @throws IOException if a line is longer than the limit
   */
  static Optional<byte[]> line(InputStream in, int limit) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(256);
    for (int b = in.read(); b >= 0; b = in.read()) {
      if (b == '\n') {
        return Optional.of(line.toByteArray());
      }
      if (line.size() == limit) {
        throw new IOException("it is longer than " + Words.bytes(limit));
      }
      line.write(b);
    }
    return Optional.empty();
  }
}
