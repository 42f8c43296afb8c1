/**
 * The training step: workers' straight-line program, the coordinator's state machine, canonical
 * sums, optimizers, checkpoints.
 *
 * <p>Workers hold no state that matters; {@link dev.syncnorm.training.Coordinator} is the one
 * source of truth and commits each step once. Sums over images are taken in one fixed binary tree
 * ({@link dev.syncnorm.training.TreeReducer}), so that the bits depend on the data alone. No Spark
 * here.
 */
package dev.syncnorm.training;
