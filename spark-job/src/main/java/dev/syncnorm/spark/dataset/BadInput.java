package dev.syncnorm.spark.dataset;

import java.util.Optional;

/**
 * What happens to images that can't be used.
 *
 * @param quarantine the folder that {@link Policy#QUARANTINE} copies them to, and no other policy
 */
@SuppressWarnings("OptionalUsedAsFieldOrParameterType") // read once, where the command line ends
public record BadInput(Policy policy, Optional<String> quarantine) {

  /** The ways to go on. */
  public enum Policy {
    /** One bad image ends the job before it begins. */
    FAIL,
    /** Bad images are left out and listed. */
    SKIP,
    /** Bad images are left out, listed, and copied to a folder to be looked at. */
    QUARANTINE
  }

  /** Checks that there is a folder where one is needed, and only there. */
  public BadInput {
    if (quarantine.isPresent() != (policy == Policy.QUARANTINE)) {
      throw new IllegalArgumentException(policy + " with folder " + quarantine);
    }
  }
}
