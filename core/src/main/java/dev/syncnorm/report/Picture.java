package dev.syncnorm.report;

import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.ImageFormat;
import dev.syncnorm.image.ImageHeader;
import java.util.Base64;
import java.util.Optional;

/**
 * A picture of the run, as the page holds it.
 *
 * @param uri a data URI with the whole PNG file
 */
record Picture(int width, int height, String uri) {

  private static final int MOST_BYTES = 32 << 20;

  /**
   * The picture images/NAME.png, or empty if the run has none.
   *
   * @throws ReportException if it is no PNG file
   */
  static Optional<Picture> read(RunFiles files, String name) throws ReportException {
    String path = "images/" + name + ".png";
    Optional<byte[]> content = files.read(path, MOST_BYTES);
    if (content.isEmpty()) {
      return Optional.empty();
    }
    try {
      ImageHeader header = ImageHeader.read(content.get());
      if (header.format() != ImageFormat.PNG) {
        throw bad(files, path, "it is a %s file".formatted(header.format().label()));
      }
      String uri = "data:image/png;base64," + Base64.getEncoder().encodeToString(content.get());
      return Optional.of(new Picture(header.width(), header.height(), uri));
    } catch (BadImageException e) {
      throw bad(files, path, String.valueOf(e.getMessage()));
    }
  }

  private static ReportException bad(RunFiles files, String path, String why) {
    return new ReportException(
        "%s is no PNG picture: %s; remove it to make the report without it"
            .formatted(files.path(path), why));
  }
}
