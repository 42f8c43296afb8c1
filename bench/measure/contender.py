"""A contender in a process of its own, which takes training steps when it is told to: see peers/rounds.py."""

import json
import subprocess


class ContenderError(Exception):
    """A contender that ended early or said what was not expected."""


class Contender:
    """Started on entry, ready when that returns; ended on exit."""

    def __init__(self, label, command, environment, log):
        self.label = label
        self.command = command
        self.environment = environment
        self.log = log
        self.name = ""
        self.allocated_bytes = []
        self.process = None

    def __enter__(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=self.environment
            )
        try:
            self.name = self._answer()["ready"]
        except BaseException:
            self._end()
            raise
        return self

    def steps(self, untimed, timed):
        """Takes steps; the seconds of the timed ones and the losses of all."""
        self.process.stdin.write(f"{untimed} {timed}\n")
        self.process.stdin.flush()
        answer = self._answer()
        self.allocated_bytes = answer.get("allocatedBytes", [])
        return answer["seconds"], answer["losses"]

    def __exit__(self, *_):
        self._end()

    def _answer(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        with open(self.log, encoding="utf-8", errors="replace") as log:
            tail = log.read().splitlines()[-5:]
        raise ContenderError(f"{self.label} ended early; {self.log} ends with:\n" + "\n".join(tail))

    def _end(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
