package dev.syncnorm.spark.dataset;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * Which column of a Parquet file holds images.
 *
 * @param bytes the path to the bytes: of a file, or of pixels if {@code pixels}
 * @param pixels whether it is an image of Spark's image schema, whose other columns lie beside
 * @param path the path to where the image came from, or empty
 */
record ParquetColumn(List<String> bytes, boolean pixels, List<String> path) {

  static final Set<String> PIXEL_COLUMNS =
      Set.of("origin", "height", "width", "nChannels", "mode", "data");

  /** No column, or more than one, holds images; the message says what there is. */
  static final class UnknownColumnException extends Exception {
    private static final long serialVersionUID = 1L;

    UnknownColumnException(String message) {
      super(message);
    }
  }

  /**
   * Finds the column by name, or by the schema: what Spark's binaryFile and image sources and
   * Hugging Face's data sets write, or the only column of bytes.
   */
  static ParquetColumn find(MessageType schema, Optional<String> column)
      throws UnknownColumnException {
    if (column.isPresent()) {
      return named(schema, column.get());
    }
    if (bytes(schema, "content") && schema.containsField("path")) {
      return new ParquetColumn(List.of("content"), false, List.of("path"));
    }
    List<ParquetColumn> structures = new ArrayList<>();
    List<ParquetColumn> plain = new ArrayList<>();
    for (Type field : schema.getFields()) {
      if (bytes(schema, field.getName())) {
        plain.add(new ParquetColumn(List.of(field.getName()), false, List.of()));
      } else {
        structure(schema, List.of(field.getName())).ifPresent(structures::add);
      }
    }
    List<ParquetColumn> found = structures.isEmpty() ? plain : structures;
    if (found.size() == 1) {
      return found.get(0);
    }
    throw new UnknownColumnException(
        "%s; its columns are %s; choose one of bytes with --column NAME"
            .formatted(
                found.isEmpty()
                    ? "it has no column of bytes"
                    : "it has %d columns that may hold images".formatted(found.size()),
                columns(schema)));
  }

  private static ParquetColumn named(MessageType schema, String column)
      throws UnknownColumnException {
    List<String> path =
        schema.containsField(column) ? List.of(column) : Arrays.asList(column.split("\\."));
    Type type = schema;
    for (String name : path) {
      if (type.isPrimitive() || !type.asGroupType().containsField(name)) {
        throw new UnknownColumnException(
            "it has no column %s; its columns are %s".formatted(column, columns(schema)));
      }
      type = type.asGroupType().getType(name);
      if (type.isRepetition(Type.Repetition.REPEATED)) {
        throw new UnknownColumnException(
            "its column %s lies in a list; expected one image in a row".formatted(column));
      }
    }
    if (isBytes(type)) {
      boolean binaryFile = path.equals(List.of("content")) && schema.containsField("path");
      return new ParquetColumn(path, false, binaryFile ? List.of("path") : List.of());
    }
    Optional<ParquetColumn> structure = structure(schema, path);
    if (structure.isPresent()) {
      return structure.get();
    }
    throw new UnknownColumnException(
        "its column %s is %s; expected bytes, a structure of bytes and path, or Spark's images; its columns are %s"
            .formatted(column, described(type), columns(schema)));
  }

  private static Optional<ParquetColumn> structure(MessageType schema, List<String> path) {
    Type type = schema.getType(path.toArray(String[]::new));
    if (type.isPrimitive() || type.isRepetition(Type.Repetition.REPEATED)) {
      return Optional.empty();
    }
    GroupType group = type.asGroupType();
    if (PIXEL_COLUMNS.stream().allMatch(group::containsField) && bytes(group, "data")) {
      return Optional.of(new ParquetColumn(with(path, "data"), true, with(path, "origin")));
    }
    return bytes(group, "bytes")
        ? Optional.of(
            new ParquetColumn(
                with(path, "bytes"),
                false,
                group.containsField("path") ? with(path, "path") : List.of()))
        : Optional.empty();
  }

  /** The columns to read, of which no other is decoded. */
  MessageType projection(MessageType schema) {
    Types.MessageTypeBuilder builder = Types.buildMessage();
    if (!path.isEmpty() && !path.get(0).equals(bytes.get(0))) {
      builder.addField(schema.getType(path.get(0)));
    }
    return builder.addField(kept(schema.getType(bytes.get(0)), 1)).named(schema.getName());
  }

  private Type kept(Type type, int depth) {
    if (type.isPrimitive()) {
      return type;
    }
    GroupType group = type.asGroupType();
    List<Type> fields = new ArrayList<>();
    for (Type field : group.getFields()) {
      boolean last = depth == bytes.size() - 1;
      boolean needed =
          field.getName().equals(bytes.get(depth))
              || (last
                  && (pixels
                      ? PIXEL_COLUMNS.contains(field.getName())
                      : !path.isEmpty() && field.getName().equals(path.get(path.size() - 1))));
      if (needed) {
        fields.add(kept(field, depth + 1));
      }
    }
    return group.withNewFields(fields);
  }

  private static List<String> with(List<String> path, String name) {
    List<String> longer = new ArrayList<>(path);
    longer.add(name);
    return List.copyOf(longer);
  }

  private static boolean bytes(GroupType group, String name) {
    return group.containsField(name) && isBytes(group.getType(name));
  }

  private static boolean isBytes(Type type) {
    if (!type.isPrimitive() || type.isRepetition(Type.Repetition.REPEATED)) {
      return false;
    }
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    return type.asPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.BINARY
        && logical == null;
  }

  /** All columns with their types, as SQL writes them. */
  static String columns(GroupType schema) {
    return schema.getFields().stream()
        .map(field -> field.getName() + " " + described(field))
        .collect(Collectors.joining(", "));
  }

  private static String described(Type type) {
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    if (!type.isPrimitive()) {
      return logical == null
          ? type.asGroupType().getFields().stream()
              .map(field -> field.getName() + ": " + described(field))
              .collect(Collectors.joining(", ", "struct<", ">"))
          : word(logical.toString());
    }
    return logical != null
        ? word(logical.toString())
        : word(type.asPrimitiveType().getPrimitiveTypeName().toString());
  }

  private static String word(String type) {
    return switch (type) {
      case "INT32" -> "int";
      case "INT64" -> "bigint";
      default -> type.toLowerCase(Locale.ROOT);
    };
  }
}
