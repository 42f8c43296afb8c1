package dev.syncnorm.exchange;

import java.io.IOException;

/**
 * Carries one request to the driver and brings its reply. A request whose reply is lost may have
 * been delivered: every request can be sent again without harm.
 */
public interface Link {

  /**
   * Sends a request and waits for the reply.
   *
   * @param request a fresh array, not changed afterwards
   * @return the reply, a fresh array
   * @throws IOException if no reply came; the request may or may not have been delivered
   */
  byte[] ask(byte[] request) throws IOException;
}
