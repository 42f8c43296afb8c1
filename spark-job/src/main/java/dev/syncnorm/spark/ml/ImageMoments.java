package dev.syncnorm.spark.ml;

import dev.syncnorm.image.BadImageException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.ExpectsInputTypes;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.aggregate.ImperativeAggregate;
import org.apache.spark.sql.catalyst.expressions.aggregate.TypedImperativeAggregate;
import org.apache.spark.sql.errors.QueryCompilationErrors;
import org.apache.spark.sql.types.AbstractDataType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The aggregate function {@code image_moments(content[, options])}: the exact statistics of a group
 * of encoded images as {@link MomentResult#SCHEMA}. A row whose content is NULL is no image, as for
 * other aggregate functions. Public because Spark copies expressions by reflection; use {@link
 * ImageStatistics#moments} or SQL.
 *
 * <p>Tasks exchange exact integers, so neither partitions nor retries show in the result.
 */
public final class ImageMoments extends TypedImperativeAggregate<MomentSums>
    implements ExpectsInputTypes, java.io.Serializable {

  static final String NAME = "image_moments";

  private static final long serialVersionUID = 1;
  private static final DataType OPTIONS =
      DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType);

  private final Expression content;
  private final MomentOptions options;
  private final int mutableAggBufferOffset;
  private final int inputAggBufferOffset;

  /** Made by the first image of a task: each task has its own copy of the expression. */
  private transient TaskMeter meter;

  /**
   * Spark's reflection calls it, with what {@link #productElement} gives.
   *
   * @param options a {@code MomentOptions}
   */
  public ImageMoments(
      Expression content, Object options, int mutableAggBufferOffset, int inputAggBufferOffset) {
    this.content = content;
    this.options = (MomentOptions) options;
    this.mutableAggBufferOffset = mutableAggBufferOffset;
    this.inputAggBufferOffset = inputAggBufferOffset;
  }

  static ImageMoments of(Expression content, MomentOptions options) {
    return new ImageMoments(content, options, 0, 0);
  }

  /** The function of the arguments that it is called with in SQL. */
  static Expression ofArguments(Seq<Expression> arguments) {
    if (arguments.size() != 1 && arguments.size() != 2) {
      throw ImageMoments.<RuntimeException>unchecked(
          QueryCompilationErrors.wrongNumArgsError(
              NAME, seq(List.of(1, 2)), arguments.size(), "", "", ""));
    }
    if (arguments.size() == 1) {
      return of(arguments.apply(0), MomentOptions.NONE);
    }
    try {
      return of(arguments.apply(0), new MomentOptions(constantMap(arguments.apply(1))));
    } catch (IllegalArgumentException e) {
      throw mistake(e.getMessage());
    }
  }

  /** PySpark can only pass on what has one of the error conditions that Spark knows. */
  private static RuntimeException mistake(String message) {
    Map<String, String> parameters =
        Map.of("parameter", "`options`", "functionName", "`" + NAME + "`", "value", message);
    return ImageMoments.<RuntimeException>unchecked(
        new AnalysisException(
            "INVALID_PARAMETER_VALUE.PATTERN",
            scala.collection.immutable.Map$.MODULE$.from(
                CollectionConverters.asScala(parameters))));
  }

  /** Throws it: Scala has no checked exceptions, and Spark expects this one here. */
  private static <E extends Throwable> RuntimeException unchecked(Throwable exception) throws E {
    @SuppressWarnings("unchecked")
    E thrown = (E) exception;
    throw thrown;
  }

  private static SortedMap<String, String> constantMap(Expression argument) {
    boolean ofStrings =
        argument.dataType() instanceof MapType map
            && map.keyType().equals(DataTypes.StringType)
            && map.valueType().equals(DataTypes.StringType);
    if (!ofStrings || !argument.foldable()) {
      throw new IllegalArgumentException(
          "%s of type %s; expected a constant map of strings, such as map('resize', '224x224')"
              .formatted(argument.sql(), argument.dataType().catalogString()));
    }
    SortedMap<String, String> options = new TreeMap<>();
    Object value =
        CatalystTypeConverters.convertToScala(argument.eval(InternalRow.empty()), OPTIONS);
    if (value != null) {
      Map<?, ?> entries = CollectionConverters.asJava((scala.collection.Map<?, ?>) value);
      entries.forEach((key, text) -> options.put((String) key, String.valueOf(text)));
    }
    return options;
  }

  @Override
  public MomentSums createAggregationBuffer() {
    return new MomentSums();
  }

  @Override
  public MomentSums update(MomentSums sums, InternalRow row) {
    byte[] file = (byte[]) content.eval(row);
    if (file != null) {
      if (meter == null) {
        meter = TaskMeter.ofThisTask(options.measuring());
      }
      try {
        sums.accept(meter.measure(file));
      } catch (BadImageException e) {
        sums.reject(e.kind(), 1);
      }
    }
    return sums;
  }

  @Override
  public MomentSums merge(MomentSums sums, MomentSums other) {
    sums.add(other);
    return sums;
  }

  @Override
  public Object eval(MomentSums sums) {
    return CatalystTypeConverters.createToCatalystConverter(MomentResult.SCHEMA)
        .apply(MomentResult.of(sums, options));
  }

  @Override
  public byte[] serialize(MomentSums sums) {
    return MomentSumsCodec.encode(sums);
  }

  @Override
  public MomentSums deserialize(byte[] bytes) {
    return MomentSumsCodec.decode(bytes);
  }

  @Override
  public DataType dataType() {
    return MomentResult.SCHEMA;
  }

  @Override
  public boolean nullable() {
    return false;
  }

  @Override
  public Seq<AbstractDataType> inputTypes() {
    return seq(List.of(DataTypes.BinaryType));
  }

  @Override
  public TypeCheckResult checkInputDataTypes() {
    return ExpectsInputTypes.super.checkInputDataTypes();
  }

  @Override
  public Seq<Expression> children() {
    return seq(List.of(content));
  }

  @Override
  public Expression withNewChildrenInternal(IndexedSeq<Expression> children) {
    return new ImageMoments(
        children.apply(0), options, mutableAggBufferOffset, inputAggBufferOffset);
  }

  @Override
  public int mutableAggBufferOffset() {
    return mutableAggBufferOffset;
  }

  @Override
  public ImperativeAggregate withNewMutableAggBufferOffset(int offset) {
    return new ImageMoments(content, options, offset, inputAggBufferOffset);
  }

  @Override
  public int inputAggBufferOffset() {
    return inputAggBufferOffset;
  }

  @Override
  public ImperativeAggregate withNewInputAggBufferOffset(int offset) {
    return new ImageMoments(content, options, mutableAggBufferOffset, offset);
  }

  @Override
  public String prettyName() {
    return NAME;
  }

  @Override
  public String sql(boolean isDistinct) {
    return text(isDistinct, content.sql());
  }

  @Override
  public String toString() {
    return text(false, content.toString());
  }

  @Override
  public String toAggString(boolean isDistinct) {
    return text(isDistinct, content.toString());
  }

  private String text(boolean isDistinct, String argument) {
    StringBuilder text = new StringBuilder(NAME).append('(');
    text.append(isDistinct ? "DISTINCT " : "").append(argument);
    if (!options.given().isEmpty()) {
      String separator = ", map(";
      for (Map.Entry<String, String> option : options.given().entrySet()) {
        text.append(separator).append("'%s', '%s'".formatted(option.getKey(), option.getValue()));
        separator = ", ";
      }
      text.append(')');
    }
    return text.append(')').toString();
  }

  @Override
  public int productArity() {
    return 4;
  }

  @Override
  public Object productElement(int n) {
    return switch (n) {
      case 0 -> content;
      case 1 -> options;
      case 2 -> mutableAggBufferOffset;
      case 3 -> inputAggBufferOffset;
      default -> throw new IndexOutOfBoundsException(n);
    };
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof ImageMoments;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ImageMoments moments
        && content.equals(moments.content)
        && options.equals(moments.options)
        && mutableAggBufferOffset == moments.mutableAggBufferOffset
        && inputAggBufferOffset == moments.inputAggBufferOffset;
  }

  @Override
  public int hashCode() {
    return Objects.hash(content, options, mutableAggBufferOffset, inputAggBufferOffset);
  }

  private static <T> Seq<T> seq(List<T> values) {
    return CollectionConverters.asScala(values).toSeq();
  }
}
