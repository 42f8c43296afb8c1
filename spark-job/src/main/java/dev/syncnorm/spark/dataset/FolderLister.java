package dev.syncnorm.spark.dataset;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.BasicFileAttributes;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * Goes through what one folder directly holds without having it in memory at once. Thread-safe.
 *
 * <p>Local folders are read by the JDK: Hadoop's local file system makes a URI of each name and
 * asks four times about each file.
 */
sealed interface FolderLister {

  /** Takes one entry after another. */
  interface Visitor {
    /** Whether it matters what an entry is; one of which it does not is not visited. */
    boolean wants(String name);

    /**
     * A file.
     *
     * @param length -1 if it is no file, or a link that leads nowhere
     */
    void file(String name, long length);

    /**
     * A folder.
     *
     * @param link where it leads if it is a link, else null
     */
    void folder(String name, String link) throws IOException;
  }

  /** What there is at a path. */
  record Found(boolean folder, long length) {}

  /**
   * Looks at a path.
   *
   * @throws FileNotFoundException if there is nothing
   */
  Found look(String path) throws IOException;

  /** Visits the entries of a folder. */
  void list(String folder, Visitor visitor) throws IOException;

  /** A folder without links in its path. */
  String identity(String folder) throws IOException;

  /** This machine's disks. */
  record Local() implements FolderLister {
    @Override
    public Found look(String path) throws IOException {
      try {
        BasicFileAttributes attributes =
            Files.readAttributes(java.nio.file.Path.of(path), BasicFileAttributes.class);
        return new Found(attributes.isDirectory(), length(attributes));
      } catch (NoSuchFileException e) {
        throw notFound(path, e);
      }
    }

    private static long length(BasicFileAttributes attributes) {
      return attributes.isRegularFile() ? attributes.size() : -1;
    }

    private static FileNotFoundException notFound(String path, Exception e) {
      FileNotFoundException missing = new FileNotFoundException(path);
      missing.initCause(e);
      return missing;
    }

    @Override
    public void list(String folder, Visitor visitor) throws IOException {
      try (DirectoryStream<java.nio.file.Path> entries =
          Files.newDirectoryStream(java.nio.file.Path.of(folder))) {
        for (java.nio.file.Path entry : entries) {
          visit(entry, visitor);
        }
      } catch (DirectoryIteratorException e) {
        throw e.getCause();
      } catch (NoSuchFileException e) {
        throw notFound(folder, e);
      }
    }

    private static void visit(java.nio.file.Path entry, Visitor visitor) throws IOException {
      String name = entry.getFileName().toString();
      if (!visitor.wants(name)) {
        return;
      }
      BasicFileAttributes attributes;
      try {
        attributes =
            Files.readAttributes(entry, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      } catch (NoSuchFileException e) {
        visitor.file(name, -1); // it vanished meanwhile; told when it is read
        return;
      }
      if (!attributes.isSymbolicLink()) {
        if (attributes.isDirectory()) {
          visitor.folder(name, null);
        } else {
          visitor.file(name, length(attributes));
        }
        return;
      }
      try {
        BasicFileAttributes target = Files.readAttributes(entry, BasicFileAttributes.class);
        if (target.isDirectory()) {
          visitor.folder(name, entry.toRealPath().toString());
        } else {
          visitor.file(name, length(target));
        }
      } catch (IOException e) { // it leads nowhere, or in a circle
        visitor.file(name, -1);
      }
    }

    @Override
    public String identity(String folder) throws IOException {
      return java.nio.file.Path.of(folder).toRealPath().toString();
    }
  }

  /** Any other file system. */
  record Remote(FileSystem fileSystem) implements FolderLister {
    @Override
    public Found look(String path) throws IOException {
      FileStatus status = fileSystem.getFileStatus(new Path(path));
      return new Found(status.isDirectory(), status.getLen());
    }

    @Override
    public void list(String folder, Visitor visitor) throws IOException {
      RemoteIterator<FileStatus> entries = fileSystem.listStatusIterator(new Path(folder));
      while (entries.hasNext()) {
        FileStatus entry = entries.next();
        String name = entry.getPath().getName();
        if (!visitor.wants(name)) {
          continue;
        }
        if (entry.isDirectory()) {
          visitor.folder(name, null);
        } else {
          visitor.file(name, entry.getLen());
        }
      }
    }

    @Override
    public String identity(String folder) {
      return folder;
    }
  }
}
