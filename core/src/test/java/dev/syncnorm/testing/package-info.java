/**
 * What tests of several packages share: the reader of golden vectors, tiny trainings, a float64
 * oracle, the simulated cluster, image files to break.
 *
 * <p>Oracles share no code with what they check. The simulation runs the real worker code, one
 * thread at a time, under a seeded scheduler, and looks at no wall clock.
 */
package dev.syncnorm.testing;
