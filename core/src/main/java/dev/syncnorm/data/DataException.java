package dev.syncnorm.data;

import java.util.List;

/** The data set can't be trained on; every problem is a line with the paths and what to do. */
public final class DataException extends Exception {

  private final List<String> problems;

  /** Takes one line for each problem. */
  public DataException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /** The same with what caused them. */
  public DataException(List<String> problems, Throwable cause) {
    this(problems);
    initCause(cause);
  }

  /** One line for each problem. */
  public List<String> problems() {
    return problems;
  }
}
