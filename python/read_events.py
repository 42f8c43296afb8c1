"""Prints what TensorBoard's own reader finds in a folder of event files, as JSON.

    pip install tensorboard
    python read_events.py RUN/events
"""

import base64
import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

# How many events of a kind are kept; 0 keeps all of them.
ALL = {"scalars": 0, "histograms": 0, "images": 0}


def fields(histogram):
    names = ("min", "max", "num", "sum", "sum_squares", "bucket_limit", "bucket")
    return {name: getattr(histogram, name) for name in names}


def read(folder):
    events = EventAccumulator(folder, size_guidance=ALL)
    events.Reload()
    tags = events.Tags()
    return {
        "scalars": {
            tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]
        },
        "histograms": {
            tag: [[e.step, fields(e.histogram_value)] for e in events.Histograms(tag)]
            for tag in tags["histograms"]
        },
        "images": {
            tag: [
                [e.step, e.width, e.height, base64.b64encode(e.encoded_image_string).decode()]
                for e in events.Images(tag)
            ]
            for tag in tags["images"]
        },
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    json.dump(read(sys.argv[1]), sys.stdout)
