"""What Spark costs on top of the step in process, and one sum on a cluster beside gloo's all_reduce."""

import json
import shutil
import subprocess
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


def sum_lengths():
    """Of the sums of a step from the second epoch on, in float64 values."""
    start = TARGET / "seed.safetensors"
    export(SEED, start)
    with open(start, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return header["__metadata__"]["sums"].split()


def spark_sums(cluster, steps, lengths):
    """The seconds of steps that are nothing but their sums, after as many untimed ones."""
    answer, log = TARGET / "runs" / "sums.json", TARGET / "sums.log"
    (jar,) = TARGET.glob("syncnorm-bench-*.jar")
    cluster.submit(log, answer, 2, steps, steps, *lengths, main="dev.syncnorm.bench.SumJob", jars=[jar])
    return json.loads(answer.read_text())["seconds"]


def gloo_sums(steps, lengths):
    command = peer("gloo_sum.py", 2, steps, steps, *lengths)
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)["seconds"]


def one_sum(report, size, cluster):
    """The sums of a step alone, ours and gloo's; then whole steps on tiny images, whose other work counts too."""
    lengths, steps = sum_lengths(), size.tiny_steps
    count = len(lengths)
    contenders = {
        "gloo all_reduce, two processes": lambda start: gloo_sums(steps, lengths),
        "syncnorm, two executors": lambda start: spark_sums(cluster, steps, lengths),
        f"a whole step on 8 x 8 images / {count}, two executors": (
            lambda start: Run(f"tiny-{start}", 2 * steps, TINY).on(cluster).seconds(steps)[0]
        ),
        f"a whole step on 8 x 8 images / {count}, two workers in process": (
            lambda start: in_process(2, 1, steps, steps, TINY)[0]
        ),
    }
    measured = {name: [] for name in contenders}
    for start in range(size.starts):
        for name, seconds in contenders.items():
            measured[name].append([t / count for t in seconds(start)])
    every = {name: [t for start in starts for t in start] for name, starts in measured.items()}
    report.table(
        ["one sum", "min ms", "median ms", "medians of the starts"],
        [
            [name, milliseconds(min(every[name])), milliseconds(median(every[name])), spread(starts)]
            for name, starts in measured.items()
        ],
    )
    gloo, ours, *_ = every.values()
    ratio = median(ours) / median(gloo)
    report.say(
        f"- One sum on the cluster: {ratio:.2f}x gloo's by medians, {min(ours) / min(gloo):.2f}x by least times. Target at"
        f" most 2x: {verdict(ratio <= 2)}. Both: the {count} sums of a step of the seed network ({', '.join(lengths)} float64),"
        f" one after the other, timed by the first of two processes, divided by {count}; {size.starts} starts by turns, each of"
        f" {steps} untimed and {steps} timed steps; the results are checked. Gloo adds in place. Ours: two tasks of a barrier"
        " stage encode their values, exchange them by the plugin with the driver, a third process, which adds them in a fixed"
        " order, and decode the result, as in a training.",
        "- A whole step has its kernels, the optimiser, the parameters and the history's row in it beside the same sums.",
    )


def sum_alone(report, size):
    report.say("## One sum")
    with Cluster(2) as cluster:
        one_sum(report, size, cluster)
    report.say("")


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
