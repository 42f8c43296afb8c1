/**
 * Our side of the benchmarks that {@code bench/run} prints: a training in process that runs a few
 * steps whenever it is told to, the weights and images that the peers start from, and the kernels
 * under JMH beside the machine's limits. Nothing else may depend on this package.
 */
package dev.syncnorm.bench;
