package dev.syncnorm.kernel;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** The implementations of {@link Kernels} that a user can choose. */
public enum Backend {
  /** SIMD on the JDK's Vector API: the same bits on every machine with fused multiply-add. */
  VECTOR {
    @Override
    public Optional<String> unavailable() {
      return VectorSupport.unavailable();
    }

    @Override
    Kernels createAvailable() {
      return new VectorKernels();
    }

    @Override
    public long scratchBytes(Collection<ConvolutionGeometry> convolutions) {
      return VectorScratch.bytes(convolutions);
    }
  },
  /** ND4J with oneDNN: the same bits on one kind of processor. */
  ND4J {
    @Override
    public Optional<String> unavailable() {
      return Nd4jKernels.unavailable();
    }

    @Override
    Kernels createAvailable() {
      return new Nd4jKernels();
    }

    /** All of them: a call costs as much as thousands of pixels. */
    @Override
    public int bandRows() {
      return Integer.MAX_VALUE;
    }
  },
  /** Naive loops in double precision: slow, for checking the others. */
  REFERENCE {
    @Override
    public Optional<String> unavailable() {
      return Optional.empty();
    }

    @Override
    Kernels createAvailable() {
      return new ReferenceKernels();
    }
  };

  /** The name on the command line and in files, in lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Why this JVM cannot run the backend, in one line that names the fix; empty if it can. */
  public abstract Optional<String> unavailable();

  abstract Kernels createAvailable();

  /** How many rows of an image calls should be for; 0 for as many as the cache holds. */
  public int bandRows() {
    return 0;
  }

  /** The heap that one thread's kernels keep for a network's convolutions; native memory aside. */
  public long scratchBytes(Collection<ConvolutionGeometry> convolutions) {
    return 0;
  }

  /**
   * New kernels for one thread.
   *
   * @throws IllegalStateException if the backend is {@link #unavailable()}
   */
  public Kernels create() {
    unavailable()
        .ifPresent(
            reason -> {
              throw new IllegalStateException(reason);
            });
    return createAvailable();
  }
}
