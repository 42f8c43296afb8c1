package dev.syncnorm.spark.testing;

import dev.syncnorm.testing.ImageFiles;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/** A folder of images of a test. */
public record ImageFolder(Path folder) {

  /** Makes the folder. */
  public ImageFolder {
    Folders.create(folder);
  }

  /** Its path, for a command line. */
  public String path() {
    return folder.toString();
  }

  /** Adds a PNG file. */
  public ImageFolder png(String name, int width, int height) {
    return file(name, PairFolders.png(width, height, name.hashCode()));
  }

  /** Adds a JPEG file. */
  public ImageFolder jpeg(String name, int width, int height) {
    return file(name, ImageFiles.jpeg(ImageFiles.picture(width, height, name.hashCode()), false));
  }

  /** Writes a file, in place of one that may be there. */
  public ImageFolder file(String name, byte[] content) {
    try {
      Files.createDirectories(folder.resolve(name).getParent());
      Files.write(folder.resolve(name), content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** Adds a file of each way in which the bytes of an image can be bad: six of them. */
  public ImageFolder badImages() {
    byte[] png = PairFolders.png(24, 24, 5);
    byte[] damaged = png.clone();
    damaged[png.length / 2] ^= 0x55;
    return file("bad/empty.png", new byte[0])
        .file("bad/text.jpg", "hello".getBytes(StandardCharsets.UTF_8))
        .file("bad/truncated.png", PairFolders.truncated(png))
        .file("bad/corrupt.png", damaged)
        .file("bad/bomb.png", bomb())
        .file("bad/floats.tif", ImageFiles.floats(4, 4, new float[3 * 16], ".tiff"));
  }

  /** A PNG file of 20000x20000 black pixels in some 50 KB. */
  public static byte[] bomb() {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    ByteArrayOutputStream pixels = new ByteArrayOutputStream();
    try (DataOutputStream values = new DataOutputStream(header);
        DeflaterOutputStream rows = new DeflaterOutputStream(pixels)) {
      values.writeInt(20000);
      values.writeInt(20000);
      values.write(new byte[] {1, 0, 0, 0, 0}); // one bit, grey
      byte[] row = new byte[1 + 20000 / 8];
      for (int y = 0; y < 20000; y++) {
        rows.write(row);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    chunk(file, "IHDR", header.toByteArray());
    chunk(file, "IDAT", pixels.toByteArray());
    chunk(file, "IEND", new byte[0]);
    return file.toByteArray();
  }

  private static void chunk(ByteArrayOutputStream file, String type, byte[] content) {
    byte[] checked = ImageFiles.concat(type.getBytes(StandardCharsets.US_ASCII), content);
    CRC32 crc = new CRC32();
    crc.update(checked);
    try (DataOutputStream out = new DataOutputStream(file)) {
      out.writeInt(content.length);
      out.write(checked);
      out.writeInt((int) crc.getValue());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The bytes of a file in it. */
  public byte[] bytes(String name) {
    try {
      return Files.readAllBytes(folder.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All files below it by their path in it, sorted. */
  public List<String> names() {
    try (var files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
