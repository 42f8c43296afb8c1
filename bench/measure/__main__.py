"""Called by bench/run, which explains it."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from kernels import kernels
from moments import moments
from project import TARGET, ForeignWork, describe_machine
from report import Report
from statistics_job import statistics_job, statistics_length, statistics_memory
from steps import step_ours, steps
from sums import sum_alone, sums


@dataclass(frozen=True)
class Size:
    quick: bool
    starts: int
    rounds: int
    steps: int
    warm_seconds: int
    spark_warm_steps: int
    spark_steps: int
    tiny_steps: int
    jmh_iterations: int


# Spark's steps need many untimed ones: what its RPC calls once a request, the JIT compiles after some 4000 steps.
FULL = Size(False, 3, 5, 10, 20, 4500, 200, 2000, 4)
QUICK = Size(True, 1, 2, 5, 8, 60, 40, 500, 2)


def main():
    parser = argparse.ArgumentParser(prog="bench/run")
    parser.add_argument("--only", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--starts", type=int)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    if arguments.starts:
        size = Size(**{**size.__dict__, "starts": arguments.starts})
    foreign = ForeignWork()
    TARGET.joinpath("runs").mkdir(parents=True, exist_ok=True)
    report = Report(Path(TARGET / "results.md"))
    report.say(*(f"- {line}" for line in describe_machine()), "")
    if size.quick:
        report.say("A quick run, to see that everything works: too short for figures.", "")
    for part in arguments.only.split(","):
        match part:
            case "steps":
                steps(report, size)
            case "step-ours":
                step_ours(report, size, arguments.profile)
            case "sums":
                sums(report, size)
            case "one-sum":
                sum_alone(report, size)
            case "moments":
                moments(report)
            case "stats":
                statistics_job(report, size)
                if not size.quick:
                    statistics_memory(report, size)
            case "stats-length":
                statistics_length(report, size)
            case "kernels":
                kernels(report, size)
    share = foreign.share()
    if share is not None:
        noisy = " **Too much: take no figure from this run.**" if share > 0.03 else ""
        report.say(f"While this ran, other work took {100 * share:.1f} % of the machine.{noisy}")
    print(f"Kept in {report.file}.")


if __name__ == "__main__":
    main()
