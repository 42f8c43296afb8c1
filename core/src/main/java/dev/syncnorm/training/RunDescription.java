package dev.syncnorm.training;

import dev.syncnorm.network.StepPlan;

/**
 * What a run trains, as far as its folder is concerned.
 *
 * @param configuration the resolved configuration, in HOCON
 * @param dataDigest the digest of the index
 * @param keepCheckpoints how many of the latest checkpoints stay, beside the best
 */
public record RunDescription(
    StepPlan plan,
    Optimizer optimizer,
    Schedule schedule,
    String configuration,
    String dataDigest,
    int keepCheckpoints) {}
