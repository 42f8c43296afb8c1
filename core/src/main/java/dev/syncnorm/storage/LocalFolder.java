package dev.syncnorm.storage;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A folder on a disk or mount of this machine. Whole files are synced, then renamed. */
public final class LocalFolder implements Folder {

  private final Path folder;

  /** A folder, which need not be there. */
  public LocalFolder(Path folder) {
    this.folder = folder;
  }

  @Override
  public String path(String name) {
    return at(name).toString();
  }

  @Override
  public String name() {
    Path whole = folder.toAbsolutePath().normalize();
    return whole.getFileName() == null ? whole.toString() : whole.getFileName().toString();
  }

  @Override
  public Kind kind(String name) {
    Path path = at(name);
    return Files.isDirectory(path) ? Kind.FOLDER : Files.exists(path) ? Kind.FILE : Kind.NOTHING;
  }

  @Override
  public Optional<String> obstacle() {
    Path there = folder.toAbsolutePath();
    while (there.getParent() != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (!there.equals(folder.toAbsolutePath()) && !Files.isDirectory(there)) {
      return Optional.of(there + " is no folder");
    }
    return Files.isWritable(there)
        ? Optional.empty()
        : Optional.of("this user may not write " + there);
  }

  @Override
  public long size(String name) throws IOException {
    return Files.size(at(name));
  }

  @Override
  public InputStream open(String name) throws IOException {
    return Files.newInputStream(at(name));
  }

  @Override
  public List<String> list(String name) throws IOException {
    if (kind(name) == Kind.NOTHING) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(at(name))) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }

  @Override
  public void makeFolder(String name) throws IOException {
    if (kind(name) != Kind.FOLDER) { // Java 17 refuses a symbolic link to one
      Files.createDirectories(at(name));
    }
  }

  @Override
  public void write(String name, Content content) throws IOException {
    Path file = at(name).toAbsolutePath();
    Path temporary = file.resolveSibling("." + file.getFileName() + ".tmp");
    try {
      writeSynced(temporary, content);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      Files.deleteIfExists(temporary);
      throw e;
    }
  }

  @Override
  public void writeInPlace(String name, Content content) throws IOException {
    writeSynced(at(name), content);
  }

  private static void writeSynced(Path file, Content content) throws IOException {
    try (FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING);
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel))) {
      content.writeTo(out);
      out.flush();
      channel.force(true);
    }
  }

  /** In one write, so that a reader at the same time sees it whole or not yet. */
  @Override
  public void append(String name, byte[] bytes) throws IOException {
    Files.write(at(name), bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  @Override
  public void sync(String name) throws IOException {
    try (FileChannel channel = FileChannel.open(at(name), StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  @Override
  public void delete(String name) throws IOException {
    Files.deleteIfExists(at(name));
  }

  /** Nothing is open between two calls. */
  @Override
  public void close() {}

  private Path at(String name) {
    return folder.resolve(name);
  }
}
