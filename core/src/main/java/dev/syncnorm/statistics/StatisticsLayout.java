package dev.syncnorm.statistics;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;

/**
 * One line a field, and the same line feeds on every system; arrays, histograms among them, on one
 * line unless the writer says otherwise.
 */
final class StatisticsLayout extends DefaultPrettyPrinter {

  private static final long serialVersionUID = 1;
  private static final Indenter LINES = new DefaultIndenter("  ", "\n");

  StatisticsLayout() {
    objectsOnOneLine(false);
  }

  /** How the objects that are begun from now on are laid out; what is open must not be changed. */
  void objectsOnOneLine(boolean one) {
    indentObjectsWith(one ? FixedSpaceIndenter.instance : LINES);
  }

  /** Whether each element of the arrays that are begun from now on has a line. */
  void arraysOnLines(boolean lines) {
    indentArraysWith(lines ? LINES : FixedSpaceIndenter.instance);
  }
}
