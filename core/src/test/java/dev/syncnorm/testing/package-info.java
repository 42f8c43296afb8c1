/**
 * What the tests of several packages share: tiny trainings and the simulated cluster.
 *
 * <p>The simulation runs the real worker code, one thread at a time, under a seeded scheduler. No
 * test looks at a wall clock here.
 */
package dev.syncnorm.testing;
