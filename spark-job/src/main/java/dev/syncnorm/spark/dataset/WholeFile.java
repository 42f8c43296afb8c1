package dev.syncnorm.spark.dataset;

import java.io.IOException;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** A file that is there as a whole, or not at all. */
final class WholeFile {

  private WholeFile() {}

  /** What is in it. */
  interface Body {
    void writeTo(FSDataOutputStream out) throws IOException;
  }

  /** Writes it, over one that is there; leaves nothing where there is no room for it. */
  static void write(FileSystem fileSystem, Path file, Body body) throws IOException {
    try (FSDataOutputStream out = fileSystem.create(file, true)) {
      body.writeTo(out);
    } catch (IOException e) {
      fileSystem.delete(file, false);
      throw e;
    } catch (FSError e) { // what the local file system makes of a full disk
      fileSystem.delete(file, false);
      throw e.getCause() instanceof IOException cause ? cause : new IOException(e);
    }
  }
}
