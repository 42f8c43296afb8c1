/**
 * Image files: what is in them, whether they are whole, and their pixels.
 *
 * <p>A file is first judged by readers of our own, which look at nothing but its headers and
 * structure; only what passes is given to OpenCV. Every way in which an image can be bad has a name
 * ({@code BadImageCause}). Nothing native leaves this package but a view of the pixels that a
 * thread's {@code PixelReader} has decoded last. It does no I/O and knows nothing of data sets,
 * statistics or tensors.
 */
package dev.syncnorm.image;
