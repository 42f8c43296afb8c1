package dev.syncnorm.spark.dataset;

import dev.syncnorm.image.BadImageCause;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.NoSuchElementException;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/**
 * The images in a tar archive, in its order; none of its paths touches a disk.
 *
 * <p>Members are told apart as files are, by {@link FileKind}. Folders and what tar keeps for
 * itself are passed over; links, sparse files and devices are rejected as {@code unsupported}. Of
 * two members with one name both count. An archive that breaks off, is damaged or goes on behind
 * its end gives what comes before, and a rejection with its own path.
 */
final class TarImages implements ImageSource {

  private static final int RECORD = 512;
  private static final int BUFFER = 1 << 18;

  /** What headers may say before a member: long names, attributes. They are held in memory. */
  private static final long MOST_BYTES_OF_HEADERS = 4 << 20;

  /** Up to here room is made before bytes are there. */
  private static final int SURELY_THERE = 8 << 20;

  private final StoredImages archive;
  private final ImageStore store;
  private final String host;
  private Metered raw; // as stored; null before the first image
  private Metered unpacked;
  private TarArchiveInputStream tar;
  private TarArchiveEntry member;
  private long otherMembers;
  private long hiddenMembers;
  private EncodedImage next;
  private boolean ended;

  TarImages(StoredImages archive, ImageStore store, String host) {
    this.archive = archive;
    this.store = store;
    this.host = host;
  }

  /** Counts what passes, sets a limit to it, and remembers whether the source has failed. */
  private static final class Metered extends InputStream {
    private final InputStream in;
    private long count;
    private long limit = Long.MAX_VALUE;
    private long zeroFrom = Long.MAX_VALUE;
    private boolean nonZero;
    private IOException failure;

    Metered(InputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      if (length > 0 && count >= limit) {
        throw new IOException(
            "its headers have more than %d bytes".formatted(MOST_BYTES_OF_HEADERS));
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedIOException("reading was given up");
      }
      try {
        int read = in.read(to, offset, (int) Math.min(length, limit - count));
        for (long i = Math.max(0, zeroFrom - count); i < read && !nonZero; i++) {
          nonZero = to[offset + (int) i] != 0;
        }
        count += Math.max(0, read);
        return read;
      } catch (IOException e) {
        failure = e;
        throw e;
      }
    }

    @Override
    public int available() throws IOException {
      return in.available();
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  /** Members that are not looked at; complete when there is no next image. */
  PassedOver passedOver() {
    return new PassedOver(otherMembers, hiddenMembers);
  }

  @Override
  public boolean hasNext() {
    while (next == null && !ended) {
      try {
        next = advance();
      } catch (IOException | RuntimeException e) { // the library's checks are not complete
        next = broken(e);
        ended = true;
      }
    }
    return next != null;
  }

  @Override
  public EncodedImage next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    EncodedImage image = next;
    next = null;
    return image;
  }

  /** The next image, or null if what came is none. */
  private EncodedImage advance() throws IOException {
    if (tar == null) {
      open();
    }
    member = null;
    long before = skipRest();
    long header = before + (RECORD - before % RECORD) % RECORD;
    unpacked.nonZero = false;
    unpacked.zeroFrom = header; // for all that comes, if it is the end
    unpacked.limit = before + MOST_BYTES_OF_HEADERS;
    TarArchiveEntry entry = tar.getNextEntry();
    unpacked.limit = Long.MAX_VALUE;
    if (entry == null) {
      ended = true;
      checkEnd(header);
      return null;
    }
    unpacked.zeroFrom = Long.MAX_VALUE;
    member = entry;
    if (!entry.isCheckSumOK()) {
      throw new IOException(
          "the header before byte %d has a wrong check sum".formatted(unpacked.count));
    }
    return image(entry);
  }

  private void open() throws IOException {
    raw = new Metered(store.open(archive));
    InputStream buffered = new BufferedInputStream(raw, BUFFER);
    unpacked =
        new Metered(
            archive.kind() == FileKind.TAR_GZ
                // Not buffered: of a read that fails in the end all is lost.
                ? GzipCompressorInputStream.builder()
                    .setInputStream(buffered)
                    .setDecompressConcatenated(true)
                    .get()
                : buffered);
    tar = new TarArchiveInputStream(unpacked, StandardCharsets.UTF_8.name());
  }

  /** Goes behind the last member; the position of the padding before the next header. */
  private long skipRest() throws IOException {
    byte[] rest = new byte[RECORD * 32];
    if (tar.getCurrentEntry() != null) {
      while (tar.read(rest, 0, rest.length) >= 0) {
        // Nobody wants it.
      }
    }
    return unpacked.count;
  }

  private EncodedImage image(TarArchiveEntry entry) throws IOException {
    String name = MemberNames.plain(entry.getName());
    if (entry.isDirectory() || name.isEmpty() || own(entry)) {
      return null;
    }
    if (MemberNames.hidden(name)) {
      hiddenMembers++;
      return null;
    }
    if (FileKind.of(name) == FileKind.OTHER) {
      otherMembers++;
      return null;
    }
    String unsupported = unsupported(entry);
    if (unsupported != null) {
      return rejected(name, BadImageCause.UNSUPPORTED, unsupported);
    }
    String tooLarge = ImageStore.tooLarge(entry.getSize());
    if (tooLarge != null) {
      return rejected(name, BadImageCause.TOO_LARGE, tooLarge);
    }
    byte[] bytes = content((int) entry.getSize());
    return EncodedImage.of(path(name), archive.name() + "!" + name, parent(name), bytes);
  }

  /** A volume's label, and attributes that the library does not know. */
  private static boolean own(TarArchiveEntry entry) {
    byte type = entry.getLinkFlag();
    return type == 'V' || type == 'g' || type == 'x' || type == 'X';
  }

  private static String unsupported(TarArchiveEntry entry) {
    if (entry.isSymbolicLink() || entry.isLink()) {
      return "it is a link to %s; store the file itself in the archive"
          .formatted(MemberNames.plain(entry.getLinkName()));
    }
    if (entry.isSparse()) {
      return "it is stored as a sparse file; write the archive without --sparse";
    }
    byte type = entry.getLinkFlag();
    boolean regular =
        type == TarConstants.LF_NORMAL
            || type == TarConstants.LF_OLDNORM
            || type == TarConstants.LF_CONTIG;
    return regular
        ? null
        : "it is no file but a member of type '%s'".formatted(MemberNames.plain("" + (char) type));
  }

  private byte[] content(int size) throws IOException {
    // A header may promise what does not follow: room for much is made as it comes.
    byte[] bytes;
    if (size <= SURELY_THERE) {
      bytes = new byte[size];
      int read = tar.readNBytes(bytes, 0, size);
      if (read == size) {
        return bytes;
      }
    } else {
      bytes = tar.readNBytes(size);
      if (bytes.length == size) {
        return bytes;
      }
    }
    throw new EOFException();
  }

  private void checkEnd(long header) throws IOException {
    if (unpacked.count - header < RECORD) {
      throw new EOFException();
    }
    byte[] rest = new byte[RECORD * 32];
    while (!unpacked.nonZero && unpacked.read(rest, 0, rest.length) >= 0) {
      // Archives are filled up with zeros.
    }
    if (unpacked.nonZero) {
      throw new IOException("it goes on behind its end mark, as archives do that were joined");
    }
  }

  private EncodedImage broken(Exception e) {
    if (raw == null || raw.failure != null) {
      return EncodedImage.rejected(
          archive.path(),
          archive.name(),
          EncodedImage.folderOf(archive.path()),
          BadImageCause.UNREADABLE.label(),
          "%s (on %s)".formatted(Reasons.of(e), host));
    }
    // The library tells an early end in words only.
    boolean early =
        e instanceof EOFException || String.valueOf(e.getMessage()).contains("Truncated TAR");
    String where =
        member == null
            ? "after byte %d of its content".formatted(unpacked == null ? 0 : unpacked.count)
            : "in its member %s".formatted(MemberNames.plain(member.getName()));
    return EncodedImage.rejected(
        archive.path(),
        archive.name(),
        EncodedImage.folderOf(archive.path()),
        (early ? BadImageCause.TRUNCATED : BadImageCause.CORRUPT).label(),
        early
            ? "the archive ends %s; what would follow is missing".formatted(where)
            : "the archive is damaged %s: %s; what follows was not read"
                .formatted(where, Reasons.of(e)));
  }

  private EncodedImage rejected(String name, BadImageCause cause, String message) {
    return EncodedImage.rejected(
        path(name), archive.name() + "!" + name, parent(name), cause.label(), message);
  }

  private String path(String name) {
    return archive.path() + "!" + name;
  }

  private String parent(String name) {
    return name.indexOf('/') < 0
        ? EncodedImage.folderOf(archive.path())
        : EncodedImage.folderOf(name);
  }

  @Override
  public void close() {
    try {
      if (raw != null) {
        raw.close();
      }
    } catch (IOException e) {
      // It was only read.
    }
  }
}
