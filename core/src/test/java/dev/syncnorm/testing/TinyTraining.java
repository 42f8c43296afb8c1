package dev.syncnorm.testing;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.configuration.ConfigurationFile;
import dev.syncnorm.exchange.Exchange;
import dev.syncnorm.exchange.StoppedException;
import dev.syncnorm.exchange.SumId;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.network.StepPlan.Options;
import dev.syncnorm.training.Coordinator;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.Coordinator.Outcome;
import dev.syncnorm.training.NonFiniteException;
import dev.syncnorm.training.Optimizer;
import dev.syncnorm.training.Samples;
import dev.syncnorm.training.Schedule;
import dev.syncnorm.training.TrainConfiguration;
import dev.syncnorm.training.TrainingState;
import dev.syncnorm.training.TrainingWorker;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A training of the seed network's form that takes milliseconds: images of 3 x 4 x 5, two batch
 * norms of different conventions, naive kernels.
 */
public record TinyTraining(StepPlan plan, Schedule schedule, Optimizer optimizer, long seed) {

  /** The decay of bn1, whose convention is TensorFlow's. */
  public static final double DECAY_1 = 0.9;

  /** The decay of bn2, whose convention is PyTorch's. */
  public static final double DECAY_2 = 0.75;

  private static final String CONFIGURATION =
      """
      model {
        input = { channels = 3, height = 4, width = 5 }
        layers = [
          { name = conv1, type = conv, filters = 4, kernel = 3 }
          { name = bn1, type = batch-norm, decay = %s }
          { name = conv2, type = conv, filters = 3, kernel = 3 }
          { name = bn2, type = batch-norm, decay = %s, convention = torch }
          { name = output, type = add, inputs = [bn2, input] }
        ]
      }
      data { input = in, target = out }
      train { epochs = %d, batch-size = %d, shuffle = %s, optimizer.learning-rate = 0.01 }
      """;

  /** A training over a number of images, without the rewrites of the plan. */
  public static TinyTraining general(int images, int batchSize, int epochs, boolean shuffle) {
    TinyTraining training = of(images, batchSize, epochs, shuffle);
    Options options = new Options(0, images, false);
    return new TinyTraining(
        new StepPlan(training.plan().network(), options),
        training.schedule(),
        training.optimizer(),
        training.seed());
  }

  /** A training over a number of images. */
  public static TinyTraining of(int images, int batchSize, int epochs, boolean shuffle) {
    try {
      TrainConfiguration configuration =
          TrainConfiguration.read(
              ConfigurationFile.parse(
                  CONFIGURATION.formatted(DECAY_1, DECAY_2, epochs, batchSize, shuffle), List.of()),
              path -> path);
      return new TinyTraining(
          new StepPlan(configuration.network(), new Options(0, images, true)),
          configuration.train().schedule(images),
          configuration.train().optimizer(),
          7);
    } catch (ConfigurationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The state before the first step. */
  public TrainingState initial() {
    return TrainingState.initial(plan.parameters(), optimizer, plan.network().nodes().size(), seed);
  }

  /** A coordinator at the first step. */
  public Coordinator coordinator() {
    return coordinator(initial());
  }

  /** A coordinator that goes on from a state. */
  public Coordinator coordinator(TrainingState state) {
    return new Coordinator(plan, schedule, optimizer, state);
  }

  /** A worker of one thread. */
  public TrainingWorker worker(Samples samples) {
    return new TrainingWorker(plan, schedule, samples, Backend.REFERENCE::create, 1);
  }

  /** Pixels from -0.5 to 1.5, the target their mean over channels. */
  public Samples samples() {
    return (index, input, target) -> {
      Random random = new Random(seed * 1_000 + index);
      for (int i = 0; i < input.length; i++) {
        input[i] = 2 * random.nextFloat() - 0.5f;
      }
      int pixels = input.length / 3;
      for (int i = 0; i < target.length; i++) {
        int pixel = i % pixels;
        target[i] = (input[pixel] + input[pixel + pixels] + input[pixel + 2 * pixels]) / 3;
      }
    };
  }

  /** All steps as one worker without any transport commits them. */
  public List<CommittedStep> sequentialRun() throws InterruptedException {
    Coordinator coordinator = coordinator();
    List<CommittedStep> steps = new ArrayList<>();
    byte[] state = coordinator.begin(1);
    worker(samples())
        .run(
            new Exchange() {
              @Override
              public byte[] join() {
                return state;
              }

              @Override
              public byte[] sum(SumId id, byte[] contribution) throws StoppedException {
                try {
                  Outcome outcome = coordinator.accept(0, id, contribution);
                  if (outcome instanceof Outcome.Committed committed) {
                    steps.add(committed.step());
                    return committed.result();
                  }
                  return ((Outcome.Summed) outcome).result();
                } catch (NonFiniteException e) {
                  throw new IllegalStateException(e);
                }
              }

              @Override
              public void progress() {}

              @Override
              public void fail(String message) {
                throw new IllegalStateException(message);
              }
            },
            0,
            1);
    return steps;
  }
}
