package dev.syncnorm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.assertj.core.api.AbstractStringAssert;

/** Assertions on rejected images. */
final class BadImages {
  private BadImages() {}

  /** The file is rejected for this cause; goes on with the message, which is one line. */
  static AbstractStringAssert<?> assertRejected(byte[] file, BadImageCause kind) {
    return assertRejected(new ImageDecoder(), file, kind);
  }

  static AbstractStringAssert<?> assertRejected(
      ImageDecoder decoder, byte[] file, BadImageCause kind) {
    BadImageException e = catchThrowableOfType(BadImageException.class, () -> decoder.decode(file));
    assertThat(e).as("the decoder rejects the file").isNotNull();
    assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind);
    return assertThat(e.getMessage()).doesNotContain("\n").isNotBlank();
  }
}
