/**
 * Our side of the benchmarks that {@code bench/run} prints: a training in process that runs a few
 * steps whenever it is told to, the weights and images that the peers start from, the sums of a
 * step as a Spark job of their own, and the kernels under JMH beside the machine's limits. Nothing
 * else may depend on this package.
 */
package dev.syncnorm.bench;
