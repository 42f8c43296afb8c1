package dev.syncnorm.testing;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.configuration.ConfigurationFile;
import dev.syncnorm.configuration.Mistakes;
import dev.syncnorm.configuration.Settings;
import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.NetworkReader;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.tensor.SafetensorsWriter;
import dev.syncnorm.training.Adam;
import dev.syncnorm.training.Coordinator;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.InProcessWorkers;
import dev.syncnorm.training.Inference;
import dev.syncnorm.training.ModelTensors;
import dev.syncnorm.training.Optimizer;
import dev.syncnorm.training.Samples;
import dev.syncnorm.training.Schedule;
import dev.syncnorm.training.TrainingDriver;
import dev.syncnorm.training.TrainingException;
import dev.syncnorm.training.TrainingListener;
import dev.syncnorm.training.TrainingState;
import dev.syncnorm.training.TrainingWorker;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The whole of training in one process: the real driver, mailbox, exchange and workers, on samples
 * in memory. Set up, then {@link #run}; an instance may run several times.
 */
public final class InProcessTraining {

  private final Network network;
  private int bandRows;
  private boolean rewrites = true;
  private Samples samples = (index, input, target) -> {};
  private int images;
  private int batchSize;
  private int epochs = 1;
  private boolean shuffle;
  private Optimizer optimizer = new Adam(1e-3, 0.9, 0.999, 1e-8, Adam.BiasCorrection.TENSORFLOW);
  private Map<String, float[]> initial = Map.of();
  private Supplier<Kernels> kernels = Backend.REFERENCE::create;
  private int workers = 1;
  private int threads = 1;

  private InProcessTraining(Network network) {
    this.network = network;
  }

  /** Of a network; without samples yet. */
  public static InProcessTraining of(Network network) {
    return new InProcessTraining(network);
  }

  /** Of {@code input { ... }, layers = [ ... ]} in HOCON, the contents of {@code model}. */
  public static InProcessTraining of(String model) {
    return new InProcessTraining(network(model));
  }

  /** The network of {@code input { ... }, layers = [ ... ]}, which must have no mistakes. */
  public static Network network(String model) {
    Mistakes mistakes = new Mistakes();
    try {
      Settings root =
          Settings.root(ConfigurationFile.parse("model {\n" + model + "\n}", List.of()), mistakes);
      Optional<Network> network = NetworkReader.read(root.object("model"));
      mistakes.throwIfAny();
      return network.orElseThrow();
    } catch (ConfigurationException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /** Images and targets in memory, all in one batch until {@link #batchSize} says otherwise. */
  public InProcessTraining samples(float[][] inputs, float[][] targets) {
    samples =
        (index, input, target) -> {
          System.arraycopy(inputs[index], 0, input, 0, input.length);
          System.arraycopy(targets[index], 0, target, 0, target.length);
        };
    images = inputs.length;
    batchSize = images;
    return this;
  }

  /** Images from elsewhere. */
  public InProcessTraining samples(int count, Samples source) {
    samples = source;
    images = count;
    batchSize = images;
    return this;
  }

  /** Images of a step; call after the samples are set. */
  public InProcessTraining batchSize(int size) {
    batchSize = size;
    return this;
  }

  /** Passes over the samples. */
  public InProcessTraining epochs(int count) {
    epochs = count;
    return this;
  }

  /** Gives each epoch an order of its own. */
  public InProcessTraining shuffled() {
    shuffle = true;
    return this;
  }

  /** Adam at 1e-3 with TensorFlow's bias correction unless set. */
  public InProcessTraining optimizer(Optimizer chosen) {
    optimizer = chosen;
    return this;
  }

  /** Starting values by name; parameters that are not named start as the seed 1 has it. */
  public InProcessTraining initial(Map<String, float[]> values) {
    initial = values;
    return this;
  }

  /** The reference backend unless set. */
  public InProcessTraining backend(Backend backend) {
    kernels = backend::create;
    bandRows = backend.bandRows();
    return this;
  }

  /** Kernels of the test's own. */
  public InProcessTraining kernels(Supplier<Kernels> maker) {
    kernels = maker;
    return this;
  }

  /** How many workers share each batch, and how many threads each of them has. */
  public InProcessTraining workers(int count, int threadsOfEach) {
    workers = count;
    threads = threadsOfEach;
    return this;
  }

  /** Rows of a band; those of the backend unless set after it. */
  public InProcessTraining bandRows(int rows) {
    bandRows = rows;
    return this;
  }

  /** The general path, without the rewrites of the plan. */
  public InProcessTraining withoutRewrites() {
    rewrites = false;
    return this;
  }

  /** The network's plan for these samples. */
  public StepPlan plan() {
    return new StepPlan(network, new StepPlan.Options(bandRows, images, rewrites));
  }

  /** The state that training starts from. */
  public TrainingState initialState() {
    ParameterTable table = network.parameters();
    TrainingState state = TrainingState.initial(table, optimizer, network.nodes().size(), 1);
    float[][] values = state.parameters().clone();
    for (int i = 0; i < values.length; i++) {
      String name = table.entries().get(i).name();
      values[i] = initial.getOrDefault(name, values[i]).clone();
    }
    return state.withParameters(values);
  }

  /** Trains to the end; fails if a generation of workers is lost. */
  public Run run() {
    List<String> lost = new ArrayList<>();
    try {
      Run run = tryRun(lost);
      if (!lost.isEmpty()) {
        throw new AssertionError("workers were lost: " + lost);
      }
      return run;
    } catch (TrainingException e) {
      throw new AssertionError("training failed: " + e.getMessage() + "; lost: " + lost, e);
    }
  }

  /**
   * Trains to the end or to a failure.
   *
   * @param lost receives the reason for each generation of workers that was lost
   */
  public Run tryRun(List<String> lost) throws TrainingException {
    Schedule schedule = new Schedule(images, batchSize, epochs, shuffle, 1);
    TrainingState start = initialState();
    StepPlan plan = plan();
    Coordinator coordinator = new Coordinator(plan, schedule, optimizer, start);
    Mailbox mailbox = new Mailbox(1, InProcessWorkers.sharedMemory(), System::nanoTime);
    InProcessWorkers group =
        new InProcessWorkers(
            mailbox, workers, () -> new TrainingWorker(plan, schedule, samples, kernels, threads));
    List<CommittedStep> steps = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void started(int generation, int count) {}

          @Override
          public void committed(CommittedStep step, double seconds) {
            steps.add(step);
          }

          @Override
          public void lost(int generation, String reason) {
            lost.add(reason);
          }
        };
    TrainingDriver driver =
        new TrainingDriver(
            coordinator,
            mailbox,
            group,
            new TrainingDriver.Patience(60, 0),
            listener,
            index -> "image " + index);
    try {
      driver.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
    return new Run(plan, optimizer, List.copyOf(steps));
  }

  /** The committed steps of a training. */
  public record Run(StepPlan plan, Optimizer optimizer, List<CommittedStep> steps) {

    /** The loss of each step. */
    public double[] losses() {
      return steps.stream().mapToDouble(CommittedStep::loss).toArray();
    }

    /** A parameter after a step; steps count from 0 here. */
    public float[] parameter(int step, String name) {
      return steps.get(step).state().parameters()[index(name)].clone();
    }

    /** An optimizer slot after a step; steps count from 0 here. */
    public float[] slot(int step, String name, String slot) {
      return steps.get(step).state().slots()[index(name)][optimizer.slots().indexOf(slot)].clone();
    }

    /** The state after the last step. */
    public TrainingState end() {
      return steps.get(steps.size() - 1).state();
    }

    /**
     * SHA-256 over the bytes of model.safetensors and optimizer.safetensors after the last step.
     */
    public String sha256() {
      ParameterTable table = plan.parameters();
      byte[] model =
          SafetensorsWriter.toBytes(ModelTensors.model(table, end().parameters()), Map.of());
      byte[] slots =
          SafetensorsWriter.toBytes(
              ModelTensors.optimizer(table, optimizer, end().slots()), Map.of());
      try {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(model);
        return HexFormat.of().formatHex(digest.digest(slots));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java platform has SHA-256", e);
      }
    }

    /** The output for an image at test time, after the last step. */
    public float[] inference(Backend backend, float[] image) {
      float[] output = new Inference(plan.network(), backend).output(end().parameters(), image);
      return Arrays.copyOf(output, output.length);
    }

    private int index(String name) {
      List<ParameterTable.Entry> entries = plan.parameters().entries();
      for (int i = 0; i < entries.size(); i++) {
        if (entries.get(i).name().equals(name)) {
          return i;
        }
      }
      throw new IllegalArgumentException("there is no parameter " + name);
    }
  }
}
