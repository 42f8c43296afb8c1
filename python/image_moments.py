"""The exact mean and standard deviation of each folder of images, by PySpark and the SQL function image_moments.

    spark-submit --jars syncnorm.jar --conf spark.sql.extensions=dev.syncnorm.spark.ml.SyncnormExtensions \
        python/image_moments.py FOLDER

A line of JSON for each folder that directly holds images.
"""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F


def main(folder):
    spark = SparkSession.builder.getOrCreate()
    images = (
        spark.read.format("binaryFile")
        .option("recursiveFileLookup", "true")
        .load(folder)
        .withColumn("label", F.element_at(F.split("path", "/"), -2))
    )
    images.createOrReplaceTempView("images")
    moments = spark.sql(
        """
        SELECT label, m.images, m.rejectedByCause, m.mean, m.populationStandardDeviation AS std
        FROM (SELECT label, image_moments(content) AS m FROM images GROUP BY label)
        ORDER BY label
        """
    )
    for line in moments.toJSON().collect():
        print(line)
    spark.stop()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
