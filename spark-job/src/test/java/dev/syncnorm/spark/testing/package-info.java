/**
 * What the tests of this module share: the built artefacts, processes with captured output, and a
 * real standalone cluster on loopback. Nothing here knows what syncnorm computes. Production code
 * may not come here.
 */
package dev.syncnorm.spark.testing;
