/**
 * What tests of several packages share: the reader of golden vectors. It is independent of the code
 * under test, the product's own safetensors reader included.
 */
package dev.syncnorm.testing;
