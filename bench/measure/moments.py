"""The first batch norm's moments of the seed's own images, ours and the peers', against float64."""

import json
import subprocess

from project import ROOT, SEED, TARGET, environment, export, peer
from report import verdict


def moments(report):
    start, after = TARGET / "seed.safetensors", TARGET / "moments.safetensors"
    export(SEED, start)
    # With a decay of 0 the moving moments after one step are those of its batch.
    export(SEED, after, "--step", "vector", "model.layers.bn1.decay=0")
    report.say(
        "## Batch moments",
        "",
        "Of the first convolution's output over the seed's four images (a million values a channel), against float64"
        " throughout (numpy): the largest error of the 16 channels; means as a fraction of the standard deviation.",
    )
    rows = []
    for script in ("moments_torch.py", "moments_tensorflow.py"):
        done = subprocess.run(
            peer(script, start, after), cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True, check=True
        )
        rows += [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    errors = {row["name"]: row for row in rows}
    report.table(
        ["", "mean", "population variance"],
        [[name, f"{row['mean']:.1e}", f"{row['variance']:.1e}"] for name, row in errors.items()],
    )
    worst = max(errors["syncnorm"]["mean"], errors["syncnorm"]["variance"])
    report.say(f"- Target for ours: within 1e-6: {verdict(worst <= 1e-6)}.", "")
