/**
 * TensorBoard event files: what TensorBoard shows of a training while it runs.
 *
 * <p>The framing and the few protocol buffer messages are written by hand, so that no library of
 * TensorFlow or Protocol Buffers is needed. Files are only written; nothing here reads them, and
 * training never depends on what is in them.
 */
package dev.syncnorm.events;
