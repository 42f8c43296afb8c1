package dev.syncnorm.spark.ml;

import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import scala.Function1;
import scala.Tuple3;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Gives a session the SQL functions of syncnorm. Spark makes it when a session starts with {@code
 * spark.sql.extensions=dev.syncnorm.spark.ml.SyncnormExtensions}.
 */
public final class SyncnormExtensions extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {

  private static final String USAGE =
      """
      _FUNC_(content[, options]) - Returns the exact statistics of the pixels of encoded images: \
      a struct of counts, means, variances, standard deviations and covariances.\
      """;

  private static final String ARGUMENTS =
      """

          Arguments:
            * content - a binary column of whole JPEG, PNG, WebP, BMP or TIFF files. NULL is no image.
            * options - a constant map of strings:
                channels - rgb (the default; grey is repeated, alpha dropped), gray or native
                resize - HxW, such as 224x224: the size that images are resized to, bilinear
                crop - HxW: the part around the centre that is used, after the resizing
                quantiles - numbers above 0 and up to 1, such as 0.05,0.5,0.95
                verify - structure (the default), or strict: finds damage inside the pixels of JPEG files
                decode-timeout - the seconds after which an image is rejected as timed-out, 60
      """;

  private static final String EXAMPLES =
      """

          Examples:
            > SELECT label, _FUNC_(content).mean FROM images GROUP BY label;
            > SELECT _FUNC_(content, map('resize', '224x224')).populationStandardDeviation FROM images;
            > SELECT _FUNC_(content, map('quantiles', '0.5')).quantiles['0.5'] FROM images;
      """;

  private static final String NOTE =
      """

            Values are scaled to [0, 1], but for sum, sumOfSquares, min, max and quantiles.
            Images that cannot be decoded are counted in rejected and rejectedByCause.
        \
      """;

  /** Spark calls it. */
  public SyncnormExtensions() {}

  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    ExpressionInfo info =
        new ExpressionInfo(
            ImageMoments.class.getName(),
            null, // in no database, as the functions of Spark
            ImageMoments.NAME,
            USAGE,
            ARGUMENTS,
            EXAMPLES,
            NOTE,
            "agg_funcs",
            "0.1.0",
            "",
            "java_udf");
    Function1<Seq<Expression>, Expression> builder = ImageMoments::ofArguments;
    extensions.injectFunction(
        new Tuple3<>(FunctionIdentifier.apply(ImageMoments.NAME), info, builder));
    return BoxedUnit.UNIT;
  }
}
