package dev.syncnorm.spark.dataset;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/**
 * The files that one folder directly holds, sorted by the UTF-8 bytes of their names.
 *
 * @param folder its path
 * @param identity of the folder: the same for two paths that lead to it over links
 * @param order the number of the input that led to it
 * @param passedOver what it directly holds that is not among {@code files}
 */
record FolderFiles(
    String folder, String identity, int order, PackedFiles files, PassedOver passedOver) {

  /** Collects files of a folder in any order, each in about 50 bytes. Not thread-safe. */
  static final class Collector {
    /** Behind each name: its length in 8 bytes and its kind in one. */
    private static final int TAIL = 9;

    private final List<byte[]> entries = new ArrayList<>();
    private long others;
    private long hidden;

    void add(String name, long length, FileKind kind) {
      if (kind == FileKind.OTHER) {
        others++;
        return;
      }
      byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
      byte[] entry = Arrays.copyOf(utf8, utf8.length + TAIL);
      for (int i = 0; i < 8; i++) {
        entry[utf8.length + i] = (byte) (length >>> (8 * i));
      }
      entry[utf8.length + 8] = (byte) kind.ordinal();
      entries.add(entry);
    }

    /** Counts a file or folder that is left out for its name. */
    void hide() {
      hidden++;
    }

    boolean isEmpty() {
      return entries.isEmpty() && others == 0 && hidden == 0;
    }

    /**
     * Packs them.
     *
     * @param nameStart where in the paths of the files the part relative to the input begins
     */
    FolderFiles files(String folder, String identity, int order, int nameStart) {
      entries.sort((a, b) -> Arrays.compareUnsigned(a, 0, a.length - TAIL, b, 0, b.length - TAIL));
      String prefix = folder.endsWith("/") ? folder : folder + "/";
      byte[] start = prefix.getBytes(StandardCharsets.UTF_8);
      int relative =
          nameStart >= prefix.length()
              ? start.length
              : prefix.substring(0, nameStart).getBytes(StandardCharsets.UTF_8).length;
      PackedFiles.Writer writer = new PackedFiles.Writer();
      for (byte[] entry : entries) {
        int nameLength = entry.length - TAIL;
        byte[] path = Arrays.copyOf(start, start.length + nameLength);
        System.arraycopy(entry, 0, path, start.length, nameLength);
        long length = 0;
        for (int i = 7; i >= 0; i--) {
          length = length << 8 | entry[nameLength + i] & 0xff;
        }
        FileKind kind = FileKind.values()[entry[nameLength + 8]];
        writer.add(path, relative, length, kind, 0, Math.max(0, length));
      }
      entries.clear();
      PassedOver passedOver =
          others == 0 && hidden == 0 ? PassedOver.NONE : new PassedOver(others, hidden);
      return new FolderFiles(folder, identity, order, writer.files(), passedOver);
    }
  }

  /** Without the files for which a predicate, which gets the name, is false. */
  FolderFiles filtered(Predicate<String> kept) {
    PackedFiles.Writer writer = new PackedFiles.Writer();
    for (StoredImages file : files) {
      if (kept.test(file.path().substring(file.path().lastIndexOf('/') + 1))) {
        writer.add(file);
      }
    }
    return new FolderFiles(folder, identity, order, writer.files(), passedOver);
  }
}
