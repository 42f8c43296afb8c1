package dev.syncnorm.tensor;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, by which files, data sets and seeds are told apart. */
public final class Digests {

  private Digests() {}

  /** SHA-256 of the content in lower-case hexadecimal digits. */
  public static String sha256(byte[] content) {
    return hex(sha256().digest(content));
  }

  /** A digest as text: lower-case hexadecimal digits. */
  public static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }

  /** SHA-256 of the text's UTF-8 bytes. */
  public static byte[] sha256Bytes(String text) {
    return sha256().digest(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Computes one digest, piece by piece. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
