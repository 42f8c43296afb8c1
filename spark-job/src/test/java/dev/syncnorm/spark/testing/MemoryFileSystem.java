package dev.syncnorm.spark.testing;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.util.Progressable;

/**
 * A file system in this process's memory that only Hadoop's interface reaches. What differs between
 * kinds of file systems, folders, renaming and listing, is up to the two that extend it.
 *
 * <p>Reads are short, as they are at the ends of blocks and of network packets; a file appears when
 * its writer closes it. Contents belong to the authority of the URI and outlive instances.
 */
public abstract class MemoryFileSystem extends FileSystem {

  /** A store of one authority: contents by path, in the order of the paths. */
  public static final class Store {
    /** A folder where the file system has such; a file otherwise. */
    public static final byte[] FOLDER = new byte[0];

    private final NavigableMap<String, byte[]> entries = new ConcurrentSkipListMap<>();
    private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
    private final Map<String, IOException> failures = new ConcurrentHashMap<>();
    private final AtomicInteger changesLeft = new AtomicInteger(Integer.MAX_VALUE);

    /** Paths that begin with "/". */
    public NavigableMap<String, byte[]> entries() {
      return entries;
    }

    /** How often a call of the file system came here. */
    public int calls(String call) {
      return calls.getOrDefault(call, new AtomicInteger()).get();
    }

    /** Lets the opening of a file, or the listing of a folder, fail; it is listed all the same. */
    public void refuse(String path, boolean permission) {
      failures.put(
          path,
          permission
              ? new AccessControlException("Permission denied: user=test, access=READ, " + path)
              : new FileNotFoundException("File does not exist: " + path));
    }

    /**
     * Lets the writing process crash: after so many changes no other one succeeds, until {@link
     * #recover}. A file that is being closed at that moment is left as this file system leaves it.
     */
    public void crashAfter(int changes) {
      changesLeft.set(changes);
    }

    /** Lets changes succeed again; whether there was a crash. */
    public boolean recover() {
      return changesLeft.getAndSet(Integer.MAX_VALUE) < 0;
    }

    void change() throws IOException {
      if (changesLeft.decrementAndGet() < 0) {
        throw new IOException("crashed");
      }
    }

    void count(String call) {
      calls.computeIfAbsent(call, c -> new AtomicInteger()).incrementAndGet();
    }
  }

  private static final Map<String, Store> STORES = new ConcurrentHashMap<>();

  private URI uri;
  private Path working;

  /** The store behind a URI such as {@code hdfslike://name}. */
  public static Store store(String uri) {
    return STORES.computeIfAbsent(uri, u -> new Store());
  }

  /** The store of this instance. */
  protected Store store() {
    return store(uri.toString());
  }

  @Override
  public void initialize(URI name, Configuration configuration) throws IOException {
    super.initialize(name, configuration);
    setConf(configuration);
    uri = URI.create(name.getScheme() + "://" + name.getAuthority());
    working = new Path(uri.toString() + "/user/test");
  }

  @Override
  public URI getUri() {
    return uri;
  }

  /** The path within the store; a path of another file system is a mistake of the caller. */
  protected String key(Path path) {
    checkPath(path);
    return makeQualified(path).toUri().getPath();
  }

  /** The path in the caller's eyes. */
  protected Path path(String key) {
    return new Path(uri.getScheme(), uri.getAuthority(), key);
  }

  /** Fails where a test wants it. */
  protected void checkAccess(String key) throws IOException {
    if (store().failures.containsKey(key)) {
      throw store().failures.get(key);
    }
  }

  /** A writer has closed a file. */
  protected abstract void closed(String key, byte[] content);

  /** A writer has crashed in the middle of a file. */
  protected abstract void crashed(String key, byte[] content);

  /** The status of a file. */
  protected FileStatus file(String key, byte[] content) {
    return new FileStatus(
        content.length,
        false,
        3,
        1 << 20,
        0,
        0,
        FsPermission.getFileDefault(),
        "test",
        "test",
        path(key));
  }

  /** The status of a folder. */
  protected FileStatus folder(String key) {
    return new FileStatus(0, true, 0, 0, 0, path(key));
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    store().count("open");
    String key = key(path);
    checkAccess(key);
    byte[] content = store().entries().get(key);
    if (content == null || content == Store.FOLDER) {
      throw new FileNotFoundException("File does not exist: " + path);
    }
    return new FSDataInputStream(new ShortReads(content));
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    store().count("create");
    store().change();
    String key = key(path);
    if (!overwrite && store().entries().containsKey(key)) {
      throw new FileAlreadyExistsException(path.toString());
    }
    ByteArrayOutputStream content =
        new ByteArrayOutputStream() {
          private boolean closed;

          @Override
          public void close() throws IOException {
            if (closed) {
              return;
            }
            closed = true;
            try {
              store().change();
              closed(key, toByteArray());
            } catch (IOException e) {
              crashed(key, toByteArray());
              throw e;
            }
          }
        };
    return new FSDataOutputStream(content, null);
  }

  @Override
  public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) {
    throw new UnsupportedOperationException("append");
  }

  @Override
  public void setWorkingDirectory(Path path) {
    working = path;
  }

  @Override
  public Path getWorkingDirectory() {
    return working;
  }

  /** Gives at most 7 bytes at once. */
  private static final class ShortReads extends FSInputStream {
    private final byte[] content;
    private int position;

    ShortReads(byte[] content) {
      this.content = content;
    }

    @Override
    public void seek(long to) throws IOException {
      if (to < 0 || to > content.length) {
        throw new EOFException("seek to " + to + " of " + content.length);
      }
      position = (int) to;
    }

    @Override
    public long getPos() {
      return position;
    }

    @Override
    public boolean seekToNewSource(long to) {
      return false;
    }

    @Override
    public int read() {
      return position < content.length ? content[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] to, int offset, int length) {
      if (length == 0) {
        return 0;
      }
      int count = Math.min(Math.min(7, length), content.length - position);
      if (count <= 0) {
        return -1;
      }
      System.arraycopy(content, position, to, offset, count);
      position += count;
      return count;
    }
  }
}
