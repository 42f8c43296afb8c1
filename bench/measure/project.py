"""Where things are, and how the project's own programs are run."""

import os
import platform
import resource
import subprocess
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = ROOT / "bench" / "target"
SEED = ROOT / "conf" / "seed.conf"
SEED_RELU = ROOT / "bench" / "seed-relu.conf"
JAR = ROOT / "spark-job" / "target" / "syncnorm.jar"
THREADS = 2
HEAP = "-Xmx4g"


def environment(**more):
    """That of all contenders: none has more threads than it is told."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENCV_LOG_LEVEL": "SILENT", **more}


def java_home():
    home = os.environ.get("JAVA_HOME")
    if home:
        return Path(home)
    settings = subprocess.run(
        ["java", "-XshowSettings:properties", "-version"], capture_output=True, text=True, check=True
    ).stderr
    return Path(next(line.split("=", 1)[1].strip() for line in settings.splitlines() if " java.home =" in line))


def jvm_options():
    options = (ROOT / "spark-job" / "target" / "jvm.options").read_text().split()
    return [*options, HEAP, *os.environ.get("SYNCNORM_JAVA_OPTS", "").split()]


def embedded_classpath():
    return (ROOT / "spark-job" / "target" / "embedded.classpath").read_text().strip()


def java(*words, classpath=None, options=()):
    """The command that runs a class of the bench module, or of another class path."""
    own = f"{TARGET / 'classes'}{os.pathsep}{(TARGET / 'bench.classpath').read_text().strip()}"
    return [str(java_home() / "bin" / "java"), *jvm_options(), *options, "-cp", classpath or own, *map(str, words)]


def peer(script, *words):
    """The command that runs a peer in the peers' virtual environment."""
    return [str(Path(os.environ["SYNCNORM_PEERS"]) / "bin" / "python"), str(ROOT / "bench" / "peers" / script), *map(str, words)]


def our_step(configuration, backend="vector", workers=1, threads=THREADS, overrides=(), options=()):
    return java("dev.syncnorm.bench.StepContender", configuration, backend, workers, threads, *overrides, options=options)


def export(configuration, file, *words):
    """Writes what contenders start from; why not, if the configuration is refused."""
    command = java("dev.syncnorm.bench.ExportStart", configuration, file, *words)
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode == 2:
        return done.stderr.strip().splitlines()[-1]
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return None


class ForeignWork:
    """How much of the machine others used while a run was going on; None where the system doesn't tell."""

    def __init__(self):
        self.begin = self._now()

    @staticmethod
    def _now():
        try:
            ticks = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
        except FileNotFoundError:
            return None
        own = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        # user, nice, system, idle, iowait, irq, softirq, steal
        idle = ticks[3] + ticks[4]
        return (sum(ticks[:8]) - idle) / os.sysconf("SC_CLK_TCK"), sum(ticks[:8]) / os.sysconf("SC_CLK_TCK"), own

    def share(self):
        end = self._now()
        if end is None:
            return None
        busy, total, own = (after - before for after, before in zip(end, self.begin, strict=True))
        return max(0.0, busy - own) / total


def describe_machine():
    """The lines that say where and when a figure was measured."""
    facts = {}
    if Path("/proc/cpuinfo").exists():
        listed = subprocess.run(["lscpu"], capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}).stdout
        facts = dict(line.split(":", 1) for line in listed.splitlines() if ":" in line)
    wide = [flag for flag in ("avx2", "fma", "avx512f", "avx512_bf16") if flag in facts.get("Flags", "").split()]
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    caches = ", ".join(f"{c} {facts[c + ' cache'].strip()}" for c in ("L1d", "L2", "L3") if c + " cache" in facts)
    cores = os.cpu_count()
    return [
        f"Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. Commit: {commit}.",
        f"Machine: {facts.get('Model name', platform.processor()).strip()}, family {facts.get('CPU family', '?').strip()}"
        f" model {facts.get('Model', '?').strip()}, {cores} cores, {facts.get('Hypervisor vendor', 'no hypervisor').strip()};"
        f" {caches}; {' '.join(wide)}. {platform.system()} {platform.release()}.",
    ]
