/**
 * How workers and driver exchange bytes: put a contribution, poll for the result.
 *
 * <p>Workers hold an {@link dev.syncnorm.exchange.Exchange}; the driver holds a {@link
 * dev.syncnorm.exchange.Mailbox}; a {@link dev.syncnorm.exchange.Link} carries one request and its
 * reply between them (a method call in one process, Spark's plugin RPC on a cluster). Nothing here
 * knows what the bytes mean, and no reply ever waits for another worker: that to the last
 * contribution is the result, the others poll.
 */
package dev.syncnorm.exchange;
