"""Mean and standard deviation of a folder of JPEG files, as people compute them: image_statistics.py WAY FOLDER COUNT.

A step is one pass over the first COUNT files on two cores; its "loss" is the megapixels that were decoded. Follows
rounds.py.
"""

import atexit
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rounds import serve

THREADS = 2
BATCH = 64


def files_of(folder, count):
    return sorted(Path(folder).rglob("*.jpg"))[:count]


def opencv(folder, count, with_moments):
    """Decodes from memory in two threads; with moments also cv2.meanStdDev of each image."""
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    files = [np.frombuffer(file.read_bytes(), np.uint8) for file in files_of(folder, count)]

    def part(index):
        pixels = 0
        for file in files[index::THREADS]:
            image = cv2.imdecode(file, cv2.IMREAD_COLOR)
            if with_moments:
                cv2.meanStdDev(image)
            pixels += image.shape[0] * image.shape[1]
        return pixels

    pool = ThreadPoolExecutor(THREADS)
    what = "decode + meanStdDev" if with_moments else "decode alone"
    return f"OpenCV {cv2.__version__} for Python, {what}, from memory", lambda: sum(pool.map(part, range(THREADS))) / 1e6


def torch_usual(folder, count):
    """ImageFolder, ToTensor and a DataLoader with two processes; mean and std of float32 batches."""
    import torch
    import torchvision
    from torch.utils.data import DataLoader, Subset
    from torchvision import datasets, transforms

    torch.set_num_threads(1)
    images = Subset(datasets.ImageFolder(folder, transforms.ToTensor()), range(count))

    def step():
        pixels, total, squares = 0, torch.zeros(3), torch.zeros(3)
        for batch, _ in DataLoader(images, batch_size=BATCH, num_workers=THREADS):
            pixels += batch.shape[0] * batch.shape[2] * batch.shape[3]
            total += batch.sum(dim=[0, 2, 3])
            squares += (batch**2).sum(dim=[0, 2, 3])
        return pixels / 1e6

    return f"torchvision {torchvision.__version__}, ImageFolder + DataLoader(num_workers=2)", step


def torch_tuned(folder, count):
    """decode_jpeg in two threads, float32 sums of each image."""
    import torch
    import torchvision
    from torchvision.io import ImageReadMode, decode_jpeg, read_file

    torch.set_num_threads(1)
    files = [str(file) for file in files_of(folder, count)]

    def part(index):
        pixels = 0
        for file in files[index::THREADS]:
            image = decode_jpeg(read_file(file), mode=ImageReadMode.RGB)
            values = image.to(torch.float32)
            values.sum(dim=[1, 2]), values.square_().sum(dim=[1, 2])
            pixels += image.shape[1] * image.shape[2]
        return pixels

    pool = ThreadPoolExecutor(THREADS)
    return f"torchvision {torchvision.__version__}, decode_jpeg in two threads", lambda: sum(pool.map(part, range(THREADS))) / 1e6


def tensorflow(folder, count):
    """tf.data with two parallel calls of decode_jpeg and float sums."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    files = [str(file) for file in files_of(folder, count)]

    def measure(file):
        image = tf.cast(tf.io.decode_jpeg(tf.io.read_file(file), channels=3), tf.float32)
        return tf.size(image) // 3, tf.reduce_sum(image, [0, 1]), tf.reduce_sum(image * image, [0, 1])

    def step():
        pixels = 0
        for one, _, _ in tf.data.Dataset.from_tensor_slices(files).map(measure, num_parallel_calls=THREADS).prefetch(8):
            pixels += int(one)
        return pixels / 1e6

    return f"TensorFlow {tf.__version__}, tf.data", step


def spark_session(settings):
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable  # the workers too run in the peers' environment
    builder = SparkSession.builder.master(f"local[{THREADS}]")
    for key, value in {"spark.ui.enabled": "false", "spark.driver.memory": "4g", **settings}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    gateway = session.sparkContext._gateway

    def end():
        """Waits for the JVM, whose time else would count as other work of the machine."""
        session.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()

    atexit.register(end)
    return session


def spark(folder, count):
    """Spark's image source and numpy in Python workers."""
    import numpy as np
    import pyspark

    session = spark_session({})
    files = [str(file) for file in files_of(folder, count)]

    def moments(rows):
        for row in rows:
            image = np.frombuffer(row.image.data, np.uint8).reshape(-1, 3).astype(np.float64)
            yield len(image), image.sum(0), (image**2).sum(0)

    def step():
        images = session.read.format("image").load(files)
        pixels = images.rdd.mapPartitions(moments).map(lambda m: m[0]).sum()
        return pixels / 1e6

    return f"Spark {pyspark.__version__}, image source + numpy", step


def image_moments(folder, count, settings):
    """Ours from SQL, over Spark's binaryFile source: the files of the first folders that have so many."""
    jar = Path(__file__).resolve().parents[2] / "spark-job" / "target" / "syncnorm.jar"
    session = spark_session(
        {"spark.jars": str(jar), "spark.sql.extensions": "dev.syncnorm.spark.ml.SyncnormExtensions", **settings}
    )
    folders, files = [], 0
    for child in sorted(Path(folder).iterdir()):
        if files < count:
            folders.append(str(child))
            files += len(list(child.iterdir()))

    def step():
        images = session.read.format("binaryFile").load(folders)
        moments = images.selectExpr("image_moments(content) AS m").first().m
        if moments.images != files:
            raise ValueError(f"{moments.images} images were accepted, expected {files}")
        return moments.pixels / 1e6

    return f"Spark {session.version}, image_moments {settings or ''}", step


WAYS = {
    "cv2-decode": lambda folder, count: opencv(folder, count, False),
    "cv2-moments": lambda folder, count: opencv(folder, count, True),
    "torch-usual": torch_usual,
    "torch-tuned": torch_tuned,
    "tensorflow": tensorflow,
    "spark": spark,
    "image-moments": lambda folder, count: image_moments(folder, count, {}),
    "image-moments-packed": lambda folder, count: image_moments(folder, count, {"spark.sql.files.openCostInBytes": "65536"}),
}

if __name__ == "__main__":
    serve(*WAYS[sys.argv[1]](sys.argv[2], int(sys.argv[3])))
