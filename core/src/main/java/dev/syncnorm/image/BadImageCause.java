package dev.syncnorm.image;

/** Why an image was rejected. The labels are part of the formats that list rejections. */
public enum BadImageCause {
  /** The file has no bytes. */
  EMPTY("empty"),
  /** The first bytes are those of no image format. */
  NOT_AN_IMAGE("not-an-image"),
  /** The file ends before the image does. */
  TRUNCATED("truncated"),
  /** The file contradicts its format. */
  CORRUPT("corrupt"),
  /** More pixels, or more work per pixel, than is allowed. */
  TOO_LARGE("too-large"),
  /** A format, a number of channels or a depth that is not read here. */
  UNSUPPORTED("unsupported"),
  /** Decoding took too long and was given up. */
  TIMED_OUT("timed-out"),
  /** The file could not be read: an I/O error or a missing permission. */
  UNREADABLE("unreadable");

  private final String label;

  BadImageCause(String label) {
    this.label = label;
  }

  /** The spelling in files and reports, such as {@code not-an-image}. */
  public String label() {
    return label;
  }
}
