package dev.syncnorm.image;

import java.nio.ByteBuffer;

/**
 * A view of the pixels of one image in native memory, without gaps, in rows from the top. It is
 * good until its {@link PixelReader} reads the next image or is closed; nobody writes to it.
 *
 * @param kind what the channels are
 * @param width pixels
 * @param height pixels
 * @param samples the direct memory from position 0 to before {@link #bytes}: for each pixel its
 *     samples, unsigned, of one byte or of two in the processor's order; more memory may follow
 * @param samplesPerPixel 1, 3 or 4
 * @param sampleOfChannel for each channel which of a pixel's samples it is: memory has blue before
 *     red, grey once for all its channels, and grey and alpha as the first and the last of four
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Pixels(
    PixelKind kind,
    int width,
    int height,
    ByteBuffer samples,
    int samplesPerPixel,
    int[] sampleOfChannel) {

  /** Width times height. */
  public int count() {
    return width * height; // the reader's limit of pixels is below 2^31
  }

  /** The bytes of all samples. */
  public long bytes() {
    return (long) count() * samplesPerPixel * (kind.depth() / Byte.SIZE);
  }
}
