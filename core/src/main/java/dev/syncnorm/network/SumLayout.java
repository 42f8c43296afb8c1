package dev.syncnorm.network;

import java.util.ArrayList;
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

  /** The segments that belong to batch norms' moments. */
  public List<Segment.Moments> moments() {
    return ofType(Segment.Moments.class);
  }

  /** The segments of one type. */
  public <S extends Segment> List<S> ofType(Class<S> type) {
    List<S> found = new ArrayList<>();
    for (Segment segment : segments) {
      if (type.isInstance(segment)) {
        found.add(type.cast(segment));
      }
    }
    return found;
  }
}
