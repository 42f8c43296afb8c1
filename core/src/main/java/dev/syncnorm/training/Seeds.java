package dev.syncnorm.training;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Seeds for independent uses out of one seed. */
final class Seeds {

  private Seeds() {}

  /** The first 64 bits of SHA-256 over the seed and the use. */
  static long derive(long seed, String use) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(ByteBuffer.allocate(8).putLong(seed).array());
      return ByteBuffer.wrap(digest.digest(use.getBytes(StandardCharsets.UTF_8))).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
