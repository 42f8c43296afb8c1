package dev.syncnorm.storage;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * A single file by the folder that it is in, which need not be there.
 *
 * @param name its path from the folder
 */
public record StoredFile(Folder folder, String name) {

  /** A file on the local disk. */
  public static StoredFile local(Path path) {
    Path parent = path.getParent();
    return path.getFileName() == null
        ? new StoredFile(new LocalFolder(path), "")
        : new StoredFile(
            new LocalFolder(parent == null ? Path.of("") : parent), path.getFileName().toString());
  }

  /** A file by the path that this one knows it by. */
  public StoredFile relative(String path) {
    int end = path.startsWith("/") ? -1 : name.lastIndexOf('/');
    return new StoredFile(folder, name.substring(0, end + 1) + path);
  }

  /** Where it is, as messages tell it. */
  public String path() {
    return folder.path(name);
  }

  /** What there is. */
  public Folder.Kind kind() throws IOException {
    return folder.kind(name);
  }

  /** Its bytes. */
  public long size() throws IOException {
    return folder.size(name);
  }

  /** Opens it; see {@link Folder#open}. */
  public InputStream open() throws IOException {
    return folder.open(name);
  }

  /** Its content; see {@link Folder#read}. */
  public byte[] read(int limit) throws IOException {
    return folder.read(name, limit);
  }

  /** Writes it; see {@link Folder#write}. */
  public void write(Folder.Content content) throws IOException {
    folder.write(name, content);
  }
}
