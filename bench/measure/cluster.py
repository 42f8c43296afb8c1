"""A standalone Spark cluster on loopback from Maven's jars: master and workers in processes of their own."""

import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from project import JAR, ROOT, embedded_classpath, environment, java, java_home

LOGGING = """\
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n%ex
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""
LIMIT_SECONDS = 120


class Cluster:
    """Workers of one core each. Started on entry; on exit all that it started is ended and its folder deleted."""

    def __init__(self, workers):
        self.workers = workers
        self.processes = []

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="syncnorm-bench-")
        self.folder = Path(self.temporary.name)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        home, conf = self.folder / "spark", self.folder / "conf"
        (home / "jars").mkdir(parents=True)
        conf.mkdir()
        (conf / "log4j2.properties").write_text(LOGGING)
        for jar in embedded_classpath().split(os.pathsep):
            (home / "jars" / Path(jar).name).symlink_to(jar)
        kept = {name: value for name, value in environment().items() if not name.startswith("SPARK_")}
        self.environment = {
            **kept,
            "JAVA_HOME": str(java_home()),
            "SPARK_HOME": str(home),
            "SPARK_SCALA_VERSION": "2.13",
            "SPARK_CONF_DIR": str(conf),
            "SPARK_LOCAL_DIRS": str(self.folder / "local"),
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        master = self._daemon("master", "master.Master", "-Dspark.master.rest.enabled=false")
        self.url = self._await(master, r"Starting Spark master at (spark://\S+)")
        for index in range(self.workers):
            work = self.folder / "work" / str(index)
            words = ("--cores", 1, "--memory", "4g", "--work-dir", work, self.url)
            worker = self._daemon(f"worker-{index}", "worker.Worker", "-Dworker=1", *words)
            self._await(worker, r"(Successfully registered with master)")

    def _daemon(self, name, main, option, *words):
        log = self.folder / f"{name}.log"
        place = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        command = java(
            f"org.apache.spark.deploy.{main}", *place, *words, classpath=self._classpath(), options=("-Xmx256m", option)
        )
        with open(log, "wb") as out:
            self.processes.append(
                subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=out, stderr=out, start_new_session=True)
            )
        return log

    def _classpath(self):
        return f"{self.folder / 'conf'}{os.pathsep}{self.folder / 'spark' / 'jars'}/*"

    @staticmethod
    def _await(log, pattern):
        end = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < end:
            found = re.search(pattern, log.read_text(errors="replace"))
            if found:
                return found.group(1)
            time.sleep(0.1)
        raise SystemExit(f"Spark did not start in {LIMIT_SECONDS} s; its log ends with:\n{log.read_text()[-2000:]}")

    def submit(self, log, *words, main="dev.syncnorm.spark.cli.Main", jars=()):
        """Runs syncnorm, or a class of the last of more jars, by Spark's submit on all executors, one on each worker."""
        *others, resource = (JAR, *jars)
        command = java(
            "org.apache.spark.deploy.SparkSubmit",
            *("--master", self.url, "--class", main, "--executor-memory", "3g", "--conf", "spark.ui.enabled=false"),
            *(("--jars", ",".join(map(str, others))) if others else ()),
            resource,
            *words,
            classpath=self._classpath(),
        )
        with open(log, "ab") as out:
            done = subprocess.run(command, cwd=ROOT, env=self.environment, stdout=out, stderr=out, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{main} {' '.join(map(str, words))} ended with {done.returncode}; see {log}")

    def __exit__(self, *_):
        # Executors are children of the workers, which end them when they are asked to end themselves.
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.temporary.cleanup()
