"""Exact statistics of a folder of JPEG files, ours and the peers', by turns on the same cores."""

import json
import subprocess
from contextlib import ExitStack
from statistics import median

from contender import Contender, ContenderError
from project import JAR, ROOT, TARGET, THREADS, embedded_classpath, environment, java, peer
from report import verdict

LIMIT = "OpenCV in Java, decode alone"
PLAIN, FULL = "syncnorm stats --no-histogram", "syncnorm stats"
UNHASHED = "syncnorm stats --no-histogram --no-digest"
OURS = {PLAIN: ["--no-histogram"], UNHASHED: ["--no-histogram", "--no-digest"], FULL: []}
# The part of the images that a peer passes over in a turn: turns of some seconds.
PEERS = {
    "OpenCV in Python, decode alone": ("cv2-decode", 2000),
    "OpenCV in Python, decode + meanStdDev": ("cv2-moments", 2000),
    "torchvision, usual loop": ("torch-usual", 600),
    "torchvision, tuned": ("torch-tuned", 2000),
    "TensorFlow tf.data": ("tensorflow", 1500),
    "Spark image source + numpy": ("spark", 100),
    "syncnorm image_moments": ("image-moments", 5000),
    "syncnorm image_moments, openCostInBytes=65536": ("image-moments-packed", 5000),
}
JAVA_IMAGES = 2000
DISTINCT = 10_000
# Noise that makes files as large as those of photographs of this size usually are.
GRAIN = 20
LENGTHS = (10_000, 40_000, 100_000, 400_000)
TARGETS = {PLAIN: 0.95, FULL: 0.85}


def photographs(count, grain=0):
    """A data set, made once: DISTINCT files, and for more images further names of the same files."""
    folder = TARGET / f"photographs-{count}-{grain}"
    complete = folder.with_name(folder.name + ".complete")
    if complete.exists():
        return folder
    if count <= DISTINCT:
        subprocess.run(peer("make_photographs.py", ROOT / "data", folder, count, grain), cwd=ROOT, check=True)
        return folder
    files = sorted(photographs(DISTINCT, grain).rglob("*.jpg"))
    for copy in range(count // DISTINCT):
        for file in files:
            link = folder / file.parent.name / f"{copy}-{file.name}"
            link.parent.mkdir(parents=True, exist_ok=True)
            link.hardlink_to(file)
    complete.write_text(f"{count}\n")
    return folder


def ours(folder, *options, heap=None):
    """A run of the command in a process of its own: its rate and its file."""
    output = TARGET / "runs" / "stats.json"
    output.unlink(missing_ok=True)
    command = java(
        "dev.syncnorm.spark.cli.Main",
        *("stats", folder, "-o", output, "--quiet", "--master", f"local[{THREADS}]", *options),
        classpath=f"{JAR}:{embedded_classpath()}",
        options=[
            f"-Dlog4j2.configurationFile={ROOT / 'conf' / 'log4j2.properties'}",
            "-Dspark.local.dir=" + str(TARGET / "runs"),
            *(heap or []),
        ],
    )
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return json.loads(output.read_text())["megapixelsPerSecond"], done.stderr


def contenders(folder):
    """Those that are installed, each with the images of a pass."""
    classes = "dev.syncnorm.bench.DecodeContender"
    yield LIMIT, java(classes, "decode", folder, JAVA_IMAGES, THREADS)
    yield "OpenCV in Java, decode + meanStdDev", java(classes, "moments", folder, JAVA_IMAGES, THREADS)
    for label, (way, count) in PEERS.items():
        yield label, peer("image_statistics.py", way, folder, count)


def statistics_job(report, size):
    report.say("## Statistics", "")
    for grain in (GRAIN, 0):
        of_photographs(report, size, grain)


def of_photographs(report, size, grain):
    count = 2000 if size.quick else 100_000
    folder = photographs(count, grain)
    kilobytes = sum(file.stat().st_size for file in folder.rglob("*.jpg")) / count / 1000
    log = TARGET / "contenders.log"
    rates, names = {label: [] for label in OURS}, {}
    with ExitStack() as stack:
        running = []
        for label, command in contenders(folder):
            try:
                contender = stack.enter_context(Contender(label, command, environment(), log))
            except ContenderError as e:
                report.say(f"{label} is not measured: {str(e).splitlines()[-1]}", "")
                continue
            contender.steps(1, 0)
            running.append(contender)
            names[label] = contender.name
            rates[label] = []
        for _ in range(size.starts):
            for label, options in OURS.items():
                rates[label].append(ours(folder, *options)[0])
            for contender in running:
                seconds, megapixels = contender.steps(0, 1)
                rates[contender.label].append(megapixels[-1] / seconds[-1])
    report.say(
        f"### Files of {kilobytes:.0f} KB",
        "",
        f"Mean, standard deviation, extremes, covariance (and histograms) of JPEG files of 500x375 pixels, quality 90, on"
        f" {THREADS} cores; {size.starts} turns, one contender after the other. Ours is the rate that the command itself writes"
        f" into stats.json, for {count:,} files from disk, with its first seconds, in which the JVM compiles, and a hash of each"
        " file; the others' are warm, over a part of the files; decode alone has its files in memory.",
    )
    limit = median(rates[LIMIT])
    rows = [
        [label, f"{median(values):.1f}", f"{min(values):.1f} to {max(values):.1f}", f"{median(values) / limit:.2f}"]
        for label, values in rates.items()
    ]
    report.table(["", "Mpx/s, median", "turns", "of decode alone"], rows)
    for label, target in TARGETS.items():
        ratio = median(rates[label]) / limit
        report.say(f"- {label}: {ratio:.2f}x decode alone. Target {target}x: {verdict(ratio >= target)}.")
    report.say("", *(f"    {name}" for name in names.values()), "")


def statistics_length(report, size):
    """How our rate comes nearer to that of decoding, the more files there are."""
    report.say("## Statistics by the number of files", "")
    rows = []
    with Contender(
        LIMIT, dict(contenders(photographs(DISTINCT, GRAIN)))[LIMIT], environment(), TARGET / "contenders.log"
    ) as decode:
        decode.steps(1, 0)
        for count in (1000, 2000) if size.quick else LENGTHS:
            folder = photographs(count, GRAIN)
            rates = {label: [] for label in (PLAIN, FULL, LIMIT)}
            for _ in range(size.starts):
                for label in (PLAIN, FULL):
                    rates[label].append(ours(folder, *OURS[label])[0])
                    seconds, megapixels = decode.steps(0, 1)
                    rates[LIMIT].append(megapixels[-1] / seconds[-1])
            limit = median(rates[LIMIT])
            cells = [f"{median(rates[label]):.1f} ({median(rates[label]) / limit:.2f}x)" for label in (PLAIN, FULL)]
            rows.append([f"{count:,}", *cells, f"{limit:.1f}"])
    report.table(["files", PLAIN, FULL, LIMIT], rows)
    report.say(
        f"Mpx/s, medians of {size.starts} turns; files as above. The first seconds, in which the JVM compiles, are in ours.", ""
    )


def statistics_memory(report, size):
    """The most heap in use after collections, for a data set and for one of four times its images."""
    report.say("## Memory of statistics", "")
    rows = []
    for count in (DISTINCT, 4 * DISTINCT):
        recording = TARGET / f"gc-{count}.log"
        recording.unlink(missing_ok=True)
        ours(photographs(count), "--no-digest", heap=["-Xmx512m", f"-Xlog:gc*:file={recording}"])
        rows.append([f"{count:,} images", f"{peak_mebibytes(recording)} MiB"])
    report.table(["", "peak heap after a collection"], rows)


def peak_mebibytes(log):
    import re

    return max(int(after) for after in re.findall(r"\d+M->(\d+)M\(\d+M\)", log.read_text()))
