/**
 * The arithmetic of training for one image at a time, behind {@link dev.syncnorm.kernel.Kernels}:
 * {@code VectorKernels} on the JDK's Vector API (the default), {@code Nd4jKernels} on ND4J with
 * oneDNN, and {@code ReferenceKernels}, the naive double-precision oracle of the other two.
 *
 * <p>Every sum over pixels is taken in an order that is fixed by the shapes alone, never by the
 * width of the machine's vectors or by threads. No layer, graph or cluster is known here.
 */
package dev.syncnorm.kernel;
