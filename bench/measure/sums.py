"""What Spark costs on top of the step in process, and one sum on a cluster beside gloo's all_reduce."""

import json
import shutil
import subprocess
from pathlib import Path
from statistics import median

from cluster import Cluster
from contender import Contender
from project import JAR, ROOT, SEED, TARGET, embedded_classpath, environment, export, java, our_step, peer
from report import milliseconds, spread, verdict

TINY = ("model.input.height=8", "model.input.width=8", "data.pixels.resize=[8,8]")


def settings(overrides):
    return [word for override in overrides for word in ("--set", override)]


class Run:
    """A training by the command line, whose history is read."""

    def __init__(self, name, steps, overrides=()):
        self.folder = TARGET / "runs" / name
        shutil.rmtree(self.folder, ignore_errors=True)
        # An epoch has one step here; checkpoints are the run's, not the step's.
        course = (f"train.epochs={steps}", f"train.checkpoint-every={steps}", *overrides)
        self.words = ["train", str(SEED), "--run", str(self.folder), "--quiet", *settings(course)]
        self.log = TARGET / f"{name}.log"

    def local(self, master):
        classpath = f"{JAR}:{embedded_classpath()}"
        logging = f"-Dlog4j2.configurationFile={ROOT / 'conf' / 'log4j2.properties'}"
        command = java("dev.syncnorm.spark.cli.Main", *self.words, "--master", master, classpath=classpath, options=(logging,))
        with open(self.log, "wb") as log:
            done = subprocess.run(command, cwd=ROOT, env=environment(), stdout=log, stderr=log, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(self.words)} ended with {done.returncode}; see {self.log}")
        return self

    def on(self, cluster):
        cluster.submit(self.log, *self.words)
        return self

    def seconds(self, untimed):
        """Of the timed steps, and the loss of the last."""
        rows = [json.loads(line) for line in (self.folder / "history.jsonl").read_text().splitlines()]
        return [row["seconds"] for row in rows[untimed:]], rows[-1]["loss"]


def in_process(workers, threads, untimed, timed, overrides=()):
    command = our_step(SEED, workers=workers, threads=threads, overrides=overrides)
    with Contender("syncnorm in process", command, environment(), TARGET / "contenders.log") as ours:
        seconds, losses = ours.steps(untimed, timed)
        return seconds, losses[-1]


def compare(report, title, size, in_one, on_spark, limit):
    """In process and on Spark by turns, each start a process of its own."""
    plain, spark, losses = [], [], set()
    for _ in range(size.starts):
        for measured, kept in ((in_one, plain), (on_spark, spark)):
            seconds, loss = measured()
            kept.append(seconds)
            losses.add(loss)
    base, ours = ([t for start in kept for t in start] for kept in (plain, spark))
    more = 100 * (median(ours) / median(base) - 1)
    least = 100 * (min(ours) / min(base) - 1)
    report.table(
        [title, "min ms", "median ms", "medians of the starts"],
        [
            [name, milliseconds(min(every)), milliseconds(median(every)), spread(starts)]
            for name, every, starts in (("in process", base, plain), ("on Spark", ours, spark))
        ],
    )
    same = "the same bits" if len(losses) == 1 else f"**different bits**: {sorted(losses)}"
    report.say(
        f"- Spark's median takes {more:+.1f} % (least times: {least:+.1f} %). Target at most {limit} % more:"
        f" {verdict(more <= limit)}. The last step's loss has {same} in all starts."
    )


def one_sum(report, size, cluster):
    start = Path(TARGET / "seed.safetensors")
    export(SEED, start)
    with open(start, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    lengths = header["__metadata__"]["sums"].split()
    ours, gloo = [], []
    for index in range(size.starts):
        run = Run(f"tiny-{index}", 2 * size.tiny_steps, TINY).on(cluster)
        ours.append([t / len(lengths) for t in run.seconds(size.tiny_steps)[0]])
        done = subprocess.run(
            peer("gloo_sum.py", 2, size.tiny_steps, *lengths),
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        gloo.append([t / len(lengths) for t in json.loads(done.stdout)["seconds"]])
    in_one = [t / len(lengths) for t in in_process(2, 1, size.tiny_steps, size.tiny_steps, TINY)[0]]
    all_ours, all_gloo = ([t for part in kept for t in part] for kept in (ours, gloo))
    report.table(
        ["one sum", "min ms", "median ms", "medians of the starts"],
        [
            [name, milliseconds(min(every)), milliseconds(median(every)), spread(starts)]
            for name, every, starts in (
                ("gloo all_reduce, two processes", all_gloo, gloo),
                ("syncnorm, two executors", all_ours, ours),
                ("syncnorm, two workers in process", in_one, [in_one]),
            )
        ],
    )
    ratio = median(all_ours) / median(all_gloo)
    report.say(
        f"- One sum on the cluster: {ratio:.1f}x gloo's. Target at most 2x: {verdict(ratio <= 2)}. Gloo: the {len(lengths)}"
        f" sums of a step ({', '.join(lengths)} float64), one after the other. Ours: a whole step of the seed network on"
        f" images of 8 x 8 with the same sums, divided by {len(lengths)}: kernels, optimiser, parameters and history are in it."
    )


def sums(report, size):
    warm, timed = size.spark_warm_steps, size.spark_steps
    report.say(
        "## Spark on top of the step",
        "",
        f"The seed network; {size.starts} starts by turns, each of {warm} untimed and {timed} timed steps of one process.",
    )

    def local():
        return Run("local", warm + timed).local("local[2]").seconds(warm)

    compare(report, "`local[2]`", size, lambda: in_process(1, 2, warm, timed), local, 5)
    with Cluster(2) as cluster:

        def executors():
            return Run("cluster", warm + timed).on(cluster).seconds(warm)

        compare(report, "two executors", size, lambda: in_process(2, 1, warm, timed), executors, 10)
        one_sum(report, size, cluster)
    report.say("")
