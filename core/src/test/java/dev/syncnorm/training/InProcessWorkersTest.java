package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.syncnorm.exchange.SharedBytes;
import org.junit.jupiter.api.Test;

class InProcessWorkersTest {

  @Test
  void aSharedValueIsKeptUntilTheNextButOneAndNeverTakenForAnother() throws Exception {
    SharedBytes shared = InProcessWorkers.sharedMemory();
    byte[] first = shared.share(new byte[] {1});
    byte[] second = shared.share(new byte[] {2});

    assertThat(shared.fetch(first)).containsExactly(1);
    assertThat(shared.fetch(second)).containsExactly(2);

    byte[] third = shared.share(new byte[] {3});
    assertThat(shared.fetch(second)).containsExactly(2);
    assertThat(shared.fetch(third)).containsExactly(3);
    assertThatIOException().isThrownBy(() -> shared.fetch(first)).withMessageContaining("kept");
  }
}
