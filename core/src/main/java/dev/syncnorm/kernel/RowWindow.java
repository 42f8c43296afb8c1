package dev.syncnorm.kernel;

/**
 * Which rows of an operand a run of rows of a result is made of. Rows may lie above 0 or beyond the
 * operand's last: those are the zeros of a padding.
 */
public interface RowWindow {

  /** A row is made of the same row alone. */
  RowWindow SAME =
      new RowWindow() {
        @Override
        public int first(int from) {
          return from;
        }

        @Override
        public int end(int to) {
          return to;
        }
      };

  /** The first row that the rows from {@code from} on are made of; never falls as that grows. */
  int first(int from);

  /** One more than the last row that the rows before {@code to} are made of; never falls either. */
  int end(int to);
}
