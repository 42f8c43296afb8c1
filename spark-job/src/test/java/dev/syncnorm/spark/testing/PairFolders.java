package dev.syncnorm.spark.testing;

import dev.syncnorm.testing.ImageFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A small data set of a test, and a network to train on it. */
public record PairFolders(Path folder) {

  /** Makes the folders for inputs and targets. */
  public PairFolders {
    Folders.create(folder.resolve("input"));
    Folders.create(folder.resolve("target"));
  }

  /** Adds a pair of PNG files. */
  public PairFolders pair(String name, int width, int height) {
    file("input/" + name + ".png", png(width, height, name.hashCode()));
    file("target/" + name + ".png", png(width, height, name.hashCode() + 1));
    return this;
  }

  /** Writes a file, in place of one that may be there. */
  public PairFolders file(String path, byte[] content) {
    try {
      Files.createDirectories(folder.resolve(path).getParent());
      Files.write(folder.resolve(path), content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** A PNG file. */
  public static byte[] png(int width, int height, long seed) {
    return ImageFiles.encode(ImageFiles.picture(width, height, seed), "png");
  }

  /** A file without its last bytes. */
  public static byte[] truncated(byte[] file) {
    return Arrays.copyOf(file, file.length * 3 / 4);
  }

  /** The configuration of a training on the folders, written beside them. */
  public Path configuration() {
    return configuration(folder.resolve("input").toString(), folder.resolve("target").toString());
  }

  /** The configuration of a training on other folders. */
  public Path configuration(String input, String target) {
    String text =
        """
        model {
          input = { height = 8, width = 8 }
          layers = [
            { name = conv1, type = conv, filters = 3, kernel = 3 }
            { name = bn1, type = batch-norm }
          ]
        }
        data { input = "%s", target = "%s" }
        train { epochs = 2, batch-size = 2 }
        """
            .formatted(input, target);
    file("c.conf", text.getBytes(StandardCharsets.UTF_8));
    return folder.resolve("c.conf");
  }

  /** The bytes of a file out of {@link #files}. */
  public static byte[] bytes(List<Byte> boxed) {
    byte[] content = new byte[boxed.size()];
    for (int i = 0; i < content.length; i++) {
      content[i] = boxed.get(i);
    }
    return content;
  }

  /** All files below a folder of this one by their path in it. */
  public Map<String, List<Byte>> files(String below) {
    Path root = folder.resolve(below);
    Map<String, List<Byte>> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] content = Files.readAllBytes(file);
        Byte[] boxed = new Byte[content.length];
        Arrays.setAll(boxed, i -> content[i]);
        contents.put(root.relativize(file).toString(), List.of(boxed));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return contents;
  }
}
