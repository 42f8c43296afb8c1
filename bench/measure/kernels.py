"""The kernels under JMH beside the machine's limits."""

import json
import subprocess

from project import ROOT, TARGET, environment, java

PIXELS = 512 * 512
CONVOLUTION = 2 * 3 * 16 * 9 * PIXELS
FMA_OPERATIONS = 1 << 22
COPY_BYTES = 2 * 4 * (1 << 24)
# Floating-point operations, and floats read and written once, of each benchmark.
WORK = {
    "convolution3To16": (CONVOLUTION, 19 * PIXELS),
    "convolution16To3": (CONVOLUTION, 19 * PIXELS),
    "inputGradient16To3": (CONVOLUTION, 19 * PIXELS),
    "weightGradient3To16": (CONVOLUTION, 19 * PIXELS),
    "weightGradient16To3": (CONVOLUTION, 19 * PIXELS),
    "moments16": (None, 16 * PIXELS),
    "normalize16": (None, 32 * PIXELS),
    "normGradientSums16": (None, 32 * PIXELS),
    "normInputGradient16": (None, 48 * PIXELS),
}


def jmh(threads, forks, size, *words):
    """The least times of the JVM starts in nanoseconds, from the smallest, by benchmark and backend."""
    file = TARGET / "jmh.json"
    command = java(
        "org.openjdk.jmh.Main",
        *("-t", threads, "-f", forks, "-wi", size.jmh_iterations, "-i", size.jmh_iterations, "-w", "1", "-r", "1"),
        *("-rf", "json", "-rff", file, "-v", "SILENT"),
        *words,
    )
    log = TARGET / "jmh.log"
    with open(log, "wb") as out:
        done = subprocess.run(command, cwd=ROOT, env=environment(), stdout=out, stderr=out, check=False)
    if done.returncode != 0:
        raise SystemExit(f"JMH ended with {done.returncode}; see {log}")
    return {
        (b["benchmark"].rsplit(".", 1)[1], b.get("params", {}).get("backend", "")): sorted(
            map(min, b["primaryMetric"]["rawData"])
        )
        for b in json.loads(file.read_text())
    }


def kernels(report, size):
    report.say("## Kernels", "")
    for threads in (1, 2):
        times = jmh(threads, size.starts, size, "MachineLimits|KernelBenchmark", "-p", "backend=vector,nd4j")
        if threads == 1 and not size.quick:
            times |= jmh(1, 1, size, "KernelBenchmark", "-p", "backend=reference")
        best = {name: starts[0] for name, starts in times.items()}
        peak = threads * FMA_OPERATIONS / best["fma", ""]
        stream = threads * COPY_BYTES / best["copy", ""]
        report.say(
            f"{threads} thread{'s' if threads > 1 else ''}, each with an image of its own; the least of {size.jmh_iterations}"
            f" iterations in each of {size.starts} JVM starts, and of these the least. Fused multiply-adds alone:"
            f" {peak:.1f} GFLOP/s. Copy of 64 MiB: {stream:.1f} GB/s. Bytes: every value read or written once;"
            " what fits the last-level cache can be faster than the copy."
        )
        rows = []
        for name, (operations, floats) in WORK.items():
            row = [name]
            nanos = best[name, "vector"]
            rate = f"{threads * operations / nanos:.1f}" if operations else ""
            share = f"{100 * threads * operations / nanos / peak:.0f} %" if operations else ""
            starts = f"{nanos / 1e6:.3f} to {times[name, 'vector'][-1] / 1e6:.3f}"
            row += [starts, rate, share, f"{threads * 4 * floats / nanos:.1f}"]
            row.append(f"{100 * threads * 4 * floats / nanos / stream:.0f} %")
            for other in ("nd4j", "reference"):
                slower = best.get((name, other))
                row.append(f"{slower / nanos:.1f}x" if slower else "")
            rows.append(row)
        header = ["", "ms, the starts", "GFLOP/s", "of the peak", "GB/s", "of the copy", "ND4J takes", "reference takes"]
        report.table(header, rows)
