package dev.syncnorm.statistics;

import java.math.BigDecimal;
import java.util.List;

/** Which quantiles are told. */
public final class Quantiles {

  /** From below: 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99. */
  public static final List<BigDecimal> DEFAULT =
      List.of(
          new BigDecimal("0.01"),
          new BigDecimal("0.05"),
          new BigDecimal("0.25"),
          new BigDecimal("0.5"),
          new BigDecimal("0.75"),
          new BigDecimal("0.95"),
          new BigDecimal("0.99"));

  private Quantiles() {}
}
