"""The full training step of the seed network, ours and the peers', in turn on the same cores."""

import time
from contextlib import ExitStack
from statistics import median

from contender import Contender, ContenderError
from project import ROOT, SEED, SEED_RELU, TARGET, THREADS, environment, export, java, our_step, peer
from report import milliseconds, spread, verdict

OURS = "syncnorm"
ND4J = ("syncnorm on ND4J's kernels", "ND4J's own operations")
TORCH = [
    ("PyTorch eager", ()),
    ("PyTorch channels-last", ("channels-last",)),
    ("PyTorch torch.compile", ("compile",)),
    ("PyTorch channels-last, torch.compile", ("channels-last", "compile")),
]
TENSORFLOW = [("TensorFlow", ()), ("TensorFlow XLA", ("xla",))]
LOSS_STEPS = 20
LOSS_TOLERANCE = 1e-3
TURN_SECONDS = 6


def contenders(configuration, start, modes):
    log = TARGET / "contenders.log"
    plain, peers = environment(), environment(OMP_NUM_THREADS=str(THREADS))
    yield Contender(OURS, our_step(configuration), plain, log)
    for label, words in TORCH:
        yield Contender(label, peer("torch_step.py", start, THREADS, *words, *modes), peers, log)
    for label, words in TENSORFLOW:
        yield Contender(label, peer("tensorflow_step.py", start, THREADS, *words, *modes), plain, log)
    if not modes:
        yield Contender(ND4J[0], our_step(configuration, "nd4j"), plain, log)
        yield Contender(ND4J[1], java("dev.syncnorm.bench.Nd4jStep", start, THREADS), peers, log)


def steps_of_turn(size, before):
    """The slow take fewer steps, so that a turn takes seconds."""
    return size.steps if not before else max(2, min(size.steps, int(TURN_SECONDS / median(before))))


def one_start(configuration, start, modes, size, say):
    """Fresh processes of all contenders, warmed up, then in turn; seconds by label, losses by label."""
    seconds, losses, names, allocated = {}, {}, {}, []
    with ExitStack() as stack:
        alive = []
        for contender in contenders(configuration, start, modes):
            stack.enter_context(contender)
            try:
                begin = time.monotonic()
                _, losses[contender.label] = contender.steps(0, LOSS_STEPS)
                while time.monotonic() - begin < size.warm_seconds:
                    contender.steps(0, 5)
            except ContenderError as error:
                say(f"{error}")
                continue
            names[contender.label] = contender.name
            seconds[contender.label] = []
            alive.append(contender)
        for turn in range(size.rounds):
            # Everyone is first, last and after everyone else equally often.
            for contender in alive[turn % len(alive) :] + alive[: turn % len(alive)]:
                timed, _ = contender.steps(2, steps_of_turn(size, seconds[contender.label]))
                seconds[contender.label] += timed
                if contender.label == OURS:
                    allocated += contender.allocated_bytes[2:]
    return seconds, losses, names, allocated


def measure(report, size, name, configuration, modes, target):
    start = TARGET / f"{configuration.stem}.safetensors"
    report.say(f"## {name}: one training step", "")
    refused = export(configuration, start)
    if refused:
        report.say(f"Not measured: {refused}", "")
        return
    starts, losses, names, allocated = [], {}, {}, []
    for _ in range(size.starts):
        seconds, losses, names, allocated = one_start(configuration, start, modes, size, report.say)
        starts.append(seconds)
    labels = [label for label in starts[0] if all(label in s for s in starts)]
    per_start = {label: [s[label] for s in starts] for label in labels}
    every = {label: [t for s in per_start[label] for t in s] for label in labels}
    ours = every[OURS]
    report.say(
        f"Batch of 4 images of 512 x 512; forward, backward, Adam, moving statistics; {THREADS} threads. {size.starts} starts of"
        f" every process; in each, after {LOSS_STEPS} steps and {size.warm_seconds} s of warming up, {size.rounds} turns of 2"
        f" untimed and {size.steps} timed steps, one contender after the other; fewer steps where a turn would take more than"
        f" {TURN_SECONDS} s. Loss: of step {LOSS_STEPS} from the same weights and images, and its relative distance from ours."
    )
    rows = []
    for label in labels:
        loss, own = losses[label][-1], losses[OURS][-1]
        distance = abs(loss - own) / own
        rows.append(
            [
                label,
                milliseconds(min(every[label])),
                milliseconds(median(every[label])),
                spread(per_start[label]),
                f"{min(every[label]) / min(ours):.2f}",
                f"{median(every[label]) / median(ours):.2f}",
                f"{loss:.7f}",
                f"{distance:.1e}" + ("" if distance <= LOSS_TOLERANCE else " **differs**"),
            ]
        )
    header = ["", "min ms", "median ms", "medians of the starts", "min / ours", "median / ours", "loss", "distance"]
    report.table(header, rows)
    peers = [label for label in labels if label not in (OURS, *ND4J)]
    best = min(peers, key=lambda label: median(every[label]))
    ratio = median(every[best]) / median(ours)
    least = min(min(every[label]) for label in peers) / min(ours)
    report.say(
        f"- Best peer: {best}, {ratio:.2f}x our median (least times: {least:.2f}x). Target {target}x: {verdict(ratio >= target)}."
    )
    report.say(f"- Ours allocates {median(allocated) / 1024:.0f} KiB of the heap in a step.")
    slow = [label for label in ND4J if label in every]
    if slow:
        best = min(slow, key=lambda label: median(every[label]))
        ratio = median(every[best]) / median(ours)
        report.say(
            f"- ND4J with oneDNN: {best}, {ratio:.2f}x our median. Target 10x: {verdict(ratio >= 10)}. The first is"
            " `--backend nd4j`, one image a thread; the second a step written with ND4J's operations on the whole batch, whose"
            " float32 sums of a million values are less exact."
        )
    report.say("", *(f"    {names[label]}" for label in names), "")


def steps(report, size):
    measure(report, size, "Seed network", SEED, (), 4)
    measure(report, size, "Seed network with a ReLU", SEED_RELU, ("relu",), 3)


def step_ours(report, size, profile):
    """Our step alone, quickly; with a profile by Java's flight recorder if one is asked for."""
    for configuration in (SEED, SEED_RELU):
        recording = TARGET / f"{configuration.stem}.jfr"
        refused = export(configuration, TARGET / f"{configuration.stem}.safetensors")
        if refused:
            report.say(f"{configuration.name} is not measured: {refused}")
            continue
        for start in range(size.starts):
            options = [f"-XX:StartFlightRecording=filename={recording},settings=profile"] if profile else []
            command = our_step(configuration, options=options)
            with Contender(OURS, command, environment(), TARGET / "contenders.log") as ours:
                first, losses = ours.steps(0, LOSS_STEPS)
                begin = time.monotonic()
                while time.monotonic() - begin < size.warm_seconds:
                    ours.steps(0, 5)
                seconds = [t for _ in range(size.rounds) for t in ours.steps(2, size.steps)[0]]
                allocated = median(ours.allocated_bytes[2:])
            report.say(
                f"{configuration.relative_to(ROOT)} start {start + 1}: min {milliseconds(min(seconds))} ms, median"
                f" {milliseconds(median(seconds))} ms; first step {first[0]:.2f} s, the first {LOSS_STEPS} together"
                f" {sum(first):.2f} s; {allocated / 1024:.0f} KiB allocated a step; loss of step {LOSS_STEPS} {losses[-1]!r}"
            )
        if profile:
            report.say(*hot_methods(recording))


def hot_methods(recording):
    """Where the samples of a recording were, by method and line."""
    import re
    import subprocess
    from collections import Counter

    from project import java_home

    printed = subprocess.run(
        [str(java_home() / "bin" / "jfr"), "print", "--events", "jdk.ExecutionSample", "--stack-depth", "40", str(recording)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    methods = Counter()
    for sample in printed.split("jdk.ExecutionSample")[1:]:
        # The Vector API's own methods are inlined into ours: the innermost frame of ours counts.
        frames = re.findall(r"^\s+(dev\.syncnorm\.[\w.$]+)\([^)]*\)\s+line: (\d+)", sample, re.MULTILINE)
        methods[frames[0][0].removeprefix("dev.syncnorm.") if frames else "elsewhere"] += 1
    total = sum(methods.values())
    return [f"  {100 * count / total:5.1f} %  {method}" for method, count in methods.most_common(20)] + [f"  {recording}"]
