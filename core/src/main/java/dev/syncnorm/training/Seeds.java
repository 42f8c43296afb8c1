package dev.syncnorm.training;

import dev.syncnorm.tensor.Digests;
import java.nio.ByteBuffer;

/** Seeds for independent uses out of one seed. */
final class Seeds {

  private Seeds() {}

  /** The first 64 bits of SHA-256 over the seed and the use. */
  static long derive(long seed, String use) {
    return ByteBuffer.wrap(Digests.sha256Bytes(seed + " " + use)).getLong();
  }
}
