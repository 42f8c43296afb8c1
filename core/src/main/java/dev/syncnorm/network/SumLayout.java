package dev.syncnorm.network;

import java.util.List;

/**
 * What the doubles of one global sum mean: segments one after the other.
 *
 * @param name what the sum is for, such as {@code moments of bn1}
 */
public record SumLayout(String name, List<Segment> segments) {

  /** Copies the list. */
  public SumLayout {
    segments = List.copyOf(segments);
  }

  /** A run of doubles that is merged in one way. */
  public sealed interface Segment {
    /** Where it begins. */
    int offset();

    /** How many doubles it has. */
    int length();

    /** The layer that it belongs to, or the loss. */
    String owner();

    /** What a message about it names. */
    String subject();

    /**
     * Moments of a batch norm's input: [C] means, then [C] centred sums of squares.
     *
     * @param node the batch norm
     * @param pixels values of one channel in one image
     */
    record Moments(int node, String owner, int offset, int channels, int pixels)
        implements Segment {
      @Override
      public int length() {
        return 2 * channels;
      }

      @Override
      public String subject() {
        return "the moments of the input of " + owner;
      }
    }

    /**
     * Moments of the patches of the image that a convolution sees, of which the moments of its
     * output follow: see {@link dev.syncnorm.layer.PatchMoments}.
     *
     * @param node the convolution
     * @param norm the batch norm of its output
     * @param pixels values of one channel of the output in one image
     */
    record PatchMoments(int node, int norm, String owner, int offset, int length, int pixels)
        implements Segment {
      @Override
      public String subject() {
        return "the moments of the input of " + owner;
      }
    }

    /**
     * For the last batch norm: sum(r) and sum(r (x - pivot)), [2 C], with r what the network adds
     * to the batch norm's output minus the target, and the moving mean as pivot.
     */
    record ResidualSums(int node, String owner, int offset, int length) implements Segment {
      @Override
      public String subject() {
        return "the loss";
      }
    }

    /**
     * A convolution's weight gradients as if the batch norm behind it passed gradients on
     * unchanged, then the sums of the channels of the gradient there; of these follow the batch
     * norm's own gradients: see {@link dev.syncnorm.layer.PatchMoments}.
     *
     * @param node the convolution
     * @param norm the batch norm
     */
    record UnprojectedGradients(int node, int norm, String owner, int offset, int length)
        implements Segment {
      @Override
      public String subject() {
        return "the gradients of the parameters of " + owner;
      }
    }

    /** A batch norm's sum(dy) and sum(dy (x - pivot)), [2 C]. */
    record NormGradients(int node, String owner, int offset, int length) implements Segment {
      @Override
      public String subject() {
        return "the gradients at " + owner;
      }
    }

    /** A layer's parameter gradients. */
    record LayerGradients(int node, String owner, int offset, int length) implements Segment {
      @Override
      public String subject() {
        return "the gradients of the parameters of " + owner;
      }
    }

    /** The loss: one double. */
    record LossSum(int offset) implements Segment {
      @Override
      public int length() {
        return 1;
      }

      @Override
      public String owner() {
        return "the loss";
      }

      @Override
      public String subject() {
        return "the loss";
      }
    }
  }

  /** The number of doubles. */
  public int length() {
    return segments.stream().mapToInt(Segment::length).sum();
  }
}
