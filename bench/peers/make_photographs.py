"""Makes the data set of the statistics benchmark: make_photographs.py DATA FOLDER COUNT.

Crops of the photographs in DATA, each of another place and scale, as JPEG files of 500x375 pixels and quality 90 in
ten folders. The seed is fixed: the files are the same for one version of OpenCV.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 500, 375


def main(data, folder, count):
    cv2.setNumThreads(1)
    photographs = [cv2.imread(str(file)) for file in sorted(Path(data).rglob("input/*")) if file.suffix in (".png", ".jpg")]
    random = np.random.default_rng(1)
    folder = Path(folder)
    for i in range(int(count)):
        photograph = photographs[i % len(photographs)]
        height, width = photograph.shape[:2]
        scale = random.uniform(0.6, 1.0) * min(width / WIDTH, height / HEIGHT)
        w, h = int(WIDTH * scale), int(HEIGHT * scale)
        x, y = random.integers(0, width - w + 1), random.integers(0, height - h + 1)
        crop = cv2.resize(photograph[y : y + h, x : x + w], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        file = folder / f"class{i % 10}" / f"{i:05d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), crop, [cv2.IMWRITE_JPEG_QUALITY, 90])
    (folder.parent / f"{folder.name}.complete").write_text(f"{count}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
