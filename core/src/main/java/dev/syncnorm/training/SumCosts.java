package dev.syncnorm.training;

import dev.syncnorm.network.StepPlan;
import dev.syncnorm.network.SumLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * What one global sum of a step sends.
 *
 * @param doubles of one tree node
 * @param nodeBytes of one tree node in a worker's message; a worker sends one or two in most cases
 * @param resultBytes that every worker gets back: the sums, after the last one the parameters
 */
public record SumCosts(String name, int doubles, long nodeBytes, long resultBytes) {

  /** The sums of a step in order. */
  public static List<SumCosts> of(StepPlan plan) {
    List<SumCosts> costs = new ArrayList<>();
    for (int phase = 0; phase < plan.phases().size(); phase++) {
      SumLayout sum = plan.phases().get(phase).sum();
      boolean last = phase == plan.phases().size() - 1;
      costs.add(
          new SumCosts(
              sum.name(),
              sum.length(),
              Contribution.nodeBytes(sum.length()),
              last
                  ? TrainingState.encodedBytes(plan.parameters().size())
                  : (long) Double.BYTES * sum.length()));
    }
    return costs;
  }
}
