package dev.syncnorm.exchange;

import java.util.ArrayList;
import java.util.List;

/** Keeps all that was shared; the handle is one byte, the index. */
final class SharedBytesInMemory implements SharedBytes {

  final List<byte[]> values = new ArrayList<>();
  int fetched;

  @Override
  public byte[] share(byte[] value) {
    values.add(value);
    return new byte[] {(byte) (values.size() - 1)};
  }

  @Override
  public byte[] fetch(byte[] handle) {
    fetched++;
    return values.get(handle[0]);
  }
}
