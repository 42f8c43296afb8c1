package dev.syncnorm.report;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import javax.imageio.ImageIO;

/** A run folder written by hand, as docs and the design describe it. */
record SampleRun(Path folder) {

  static final String DIGEST = "08241ea7779dd7bf47366eb2dc237ebdd89adbed2e1c01a242e45f17e51d51b3";

  /** Configuration, index, three pictures and a checkpoint; no history. */
  static SampleRun create(Path folder) throws IOException {
    Files.createDirectories(folder.resolve("images"));
    Files.writeString(
        folder.resolve("config.conf"),
        "train.note=\"</pre><script>alert('x')</script> {{style}}\"\n");
    Files.writeString(
        folder.resolve("index.json"),
        """
        {"format": "syncnorm/index", "version": 1, "digest": "%s",
         "images": [
          {"path": "a.png", "offset": 0, "length": 1000, "sha256": "00", "width": 40, "height": 30,
           "target": {"path": "b.png", "offset": 0, "length": 24, "sha256": "00", "width": 40, "height": 30}},
          {"path": "c.png", "offset": 0, "length": 2048, "sha256": "00", "width": 80, "height": 60,
           "target": {"path": "d.png", "offset": 0, "length": 1024, "sha256": "00", "width": 80, "height": 60}}],
         "rejected": [{"path": "e.png", "cause": "empty"}]}
        """
            .formatted(DIGEST));
    for (String name : new String[] {"before", "after", "test"}) {
      BufferedImage image = new BufferedImage(6, 4, BufferedImage.TYPE_INT_RGB);
      image.setRGB(name.length() % 6, 1, 0xff8000);
      ImageIO.write(image, "png", folder.resolve("images/" + name + ".png").toFile());
    }
    Path checkpoint = Files.createDirectories(folder.resolve("checkpoints/step-00000002"));
    Files.writeString(checkpoint.resolve("model.safetensors"), "12345678");
    Files.writeString(
        checkpoint.resolve("manifest.json"),
        """
        {"format": "syncnorm/checkpoint", "version": 1, "step": 2, "epoch": 1,
         "files": [{"name": "model.safetensors", "bytes": 8, "sha256": "feedbeef"}]}
        """);
    return new SampleRun(folder);
  }

  /** Appends lines to the history. */
  SampleRun history(String... rows) throws IOException {
    Files.writeString(
        folder.resolve("history.jsonl"),
        String.join("\n", rows) + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    return this;
  }

  /** A row without moving statistics. */
  static String row(long step, int epoch, double loss, double seconds) {
    return "{\"step\":%d,\"epoch\":%d,\"loss\":%s,\"seconds\":%s,\"images\":4}"
        .formatted(step, epoch, loss, seconds);
  }

  /** A row with the moving statistics of one layer. */
  static String row(long step, int epoch, double loss, String layer, String mean, String variance) {
    return row(step, epoch, loss, 0.5)
        .replaceFirst(
            "}$",
            ",\"batchNorm\":{\"%s\":{\"movingMean\":%s,\"movingVariance\":%s}}}"
                .formatted(layer, mean, variance));
  }
}
