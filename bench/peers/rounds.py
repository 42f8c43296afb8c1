"""The protocol of a contender: a line of JSON when it is ready, then one for each order on its input.

An order is "UNTIMED TIMED"; the answer has the seconds of the timed steps and the losses of all. Between orders nothing
of the contender runs, so that the contenders can take turns. It ends with its input.
"""

import json
import sys
import time


def tell(**values):
    print(json.dumps(values), flush=True)


def serve(name, step):
    """Serves orders with a function that takes one training step and returns the loss of its forward pass."""
    tell(ready=name)
    for line in sys.stdin:
        untimed, timed = (int(word) for word in line.split())
        seconds, losses = [], []
        for _ in range(untimed + timed):
            begin = time.perf_counter()
            losses.append(step())
            seconds.append(time.perf_counter() - begin)
        tell(seconds=seconds[untimed:], losses=losses)
