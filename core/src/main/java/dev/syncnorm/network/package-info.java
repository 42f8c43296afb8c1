/**
 * The layer graph: read from the configuration, checked, and cut into the phases of a training
 * step.
 *
 * <p>{@link dev.syncnorm.network.Network} holds the layers in an order in which inputs come first
 * and the table of parameters; {@link dev.syncnorm.network.StepPlan} says which layers run between
 * which global sums. Nothing here computes or knows values.
 */
package dev.syncnorm.network;
