package dev.syncnorm.training;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.configuration.Settings;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.tensor.DataType;
import dev.syncnorm.tensor.Safetensors;
import dev.syncnorm.tensor.SafetensorsException;
import dev.syncnorm.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Parameters of a network out of a safetensors file.
 *
 * <p>F32, F16 and BF16 are taken exactly. F64 is rounded to the nearest float32, and the tensors
 * that this is true of are told. Whole numbers are taken if they are float32 values. PyTorch's
 * {@code num_batches_tracked}, a count that no computation here reads, is always left out unless it
 * is renamed.
 *
 * @param parameters in the order of the table
 * @param taken how many tensors come from the file
 * @param kept parameters that are not in the file
 * @param left tensors of the file that are not in the network
 * @param rounded parameters that were F64 in the file
 */
@SuppressWarnings("ArrayRecordComponent")
public record WeightImport(
    float[][] parameters, int taken, List<String> kept, List<String> left, List<String> rounded) {

  private static final String TORCH_COUNT = ".num_batches_tracked";

  /** A tensor of the network. */
  record Wanted(String name, Shape shape) {}

  /** All parameters of a network. */
  static List<Wanted> wanted(ParameterTable table) {
    return table.entries().stream()
        .map(entry -> new Wanted(entry.name(), entry.parameter().shape()))
        .toList();
  }

  /**
   * Reads parameters.
   *
   * @param source names the file in messages
   * @param partial whether what only one of file and network has is left out
   * @param initial the values of parameters that are not in the file
   * @throws ConfigurationException with every renaming that is not of the file and the network
   * @throws TrainingException if names or shapes differ, with every difference named
   */
  public static WeightImport read(
      ParameterTable table,
      Safetensors file,
      String source,
      Renames renames,
      boolean partial,
      float[][] initial)
      throws ConfigurationException, TrainingException {
    return read(wanted(table), file, source, renames, partial, initial);
  }

  /** Reads tensors, which may be other ones than parameters. */
  static WeightImport read(
      List<Wanted> all,
      Safetensors file,
      String source,
      Renames renames,
      boolean partial,
      float[][] initial)
      throws ConfigurationException, TrainingException {
    Map<String, String> sources = sources(all, file, source, renames);
    List<String> differences = new ArrayList<>();
    List<String> kept = new ArrayList<>();
    List<String> rounded = new ArrayList<>();
    Set<String> left = new TreeSet<>(sources.keySet());
    float[][] parameters = initial.clone();
    for (int i = 0; i < parameters.length; i++) {
      Shape shape = all.get(i).shape();
      String name = all.get(i).name();
      if (!left.remove(name)) {
        kept.add(name);
        continue;
      }
      String from = sources.get(name);
      String told = from.equals(name) ? name : "%s (%s in the file)".formatted(name, from);
      try {
        if (!file.shape(from).equals(shape)) {
          differences.add("%s is %s, the network has %s".formatted(told, file.shape(from), shape));
        } else if (file.dataType(from) == DataType.F64) {
          parameters[i] = file.roundedTensor(from).values();
          rounded.add(name);
        } else {
          parameters[i] = file.tensor(from).values();
        }
      } catch (SafetensorsException e) {
        differences.add(e.getMessage());
      }
    }
    boolean namesDiffer = !partial && !(kept.isEmpty() && left.isEmpty());
    if (!partial) {
      kept.forEach(name -> differences.add(name + " is missing"));
      left.forEach(name -> differences.add(sources.get(name) + " is not in the network"));
    }
    if (!differences.isEmpty()) {
      throw new TrainingException(
          "%s does not fit the network: %s; all tensors must agree by name and shape%s"
              .formatted(
                  source,
                  String.join("; ", differences),
                  namesDiffer
                      ? ": --rename FROM=TO gives them other names, --partial takes only what is in both"
                      : ""));
    }
    int taken = parameters.length - kept.size();
    if (taken == 0 && !all.isEmpty()) {
      throw new TrainingException(
          "%s has no tensor of the network, but for example %s; give the names with --rename FROM=TO"
              .formatted(source, file.names().stream().sorted().limit(3).toList()));
    }
    return new WeightImport(
        parameters, taken, kept, left.stream().map(sources::get).toList(), rounded);
  }

  /** The names in the file by those that they are to have in the network. */
  private static Map<String, String> sources(
      List<Wanted> all, Safetensors file, String source, Renames renames)
      throws ConfigurationException {
    Set<String> parameters = new TreeSet<>();
    all.forEach(wanted -> parameters.add(wanted.name()));
    Set<String> names = new TreeSet<>(file.names());
    Map<String, String> renamed = new HashMap<>();
    List<String> mistakes = new ArrayList<>();
    for (Renames.Entry entry : renames.entries()) {
      if (!names.contains(entry.from())) {
        mistakes.add(
            "%s: %s is not in %s%s"
                .formatted(
                    entry.place(), entry.from(), source, Settings.hint(entry.from(), names)));
      }
      if (!parameters.contains(entry.to())) {
        mistakes.add(
            "%s: %s is not in the network%s"
                .formatted(entry.place(), entry.to(), Settings.hint(entry.to(), parameters)));
      }
      renamed.put(entry.from(), entry.to());
    }
    Map<String, String> sources = new HashMap<>();
    for (String name : names) {
      if (name.endsWith(TORCH_COUNT) && !renamed.containsKey(name)) {
        continue;
      }
      String other = sources.putIfAbsent(renamed.getOrDefault(name, name), name);
      if (other != null) {
        mistakes.add(
            "both %s and %s of %s would be %s; rename the other one too"
                .formatted(other, name, source, renamed.getOrDefault(name, name)));
      }
    }
    if (!mistakes.isEmpty()) {
      throw new ConfigurationException(mistakes);
    }
    return sources;
  }
}
