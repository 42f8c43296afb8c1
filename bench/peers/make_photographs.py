"""Makes the data set of the statistics benchmark: make_photographs.py DATA FOLDER COUNT GRAIN.

JPEG files of 500x375 pixels and quality 90 in ten folders, each of four crops of the photographs in DATA at half their
size: as sharp as photographs are that a camera took with more pixels. Larger crops of these few would be smooth, and
decode twice as fast. GRAIN is the standard deviation of noise that is added, as of a camera in poor light: 0 for 56 KB a
file, 20 for 101 KB, which decodes half as fast. The seed is fixed: the files are the same for
one version of OpenCV.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 500, 375


def main(data, folder, count, grain):
    cv2.setNumThreads(1)
    photographs = [cv2.imread(str(file)) for file in sorted(Path(data).rglob("input/*")) if file.suffix in (".png", ".jpg")]
    photographs = [p for p in photographs if p.shape[0] >= HEIGHT and p.shape[1] >= WIDTH]
    random = np.random.default_rng(1)
    folder = Path(folder)
    for i in range(int(count)):
        quarters = []
        for _ in range(4):
            photograph = photographs[random.integers(len(photographs))]
            y, x = (random.integers(0, side - want + 1) for side, want in zip(photograph.shape, (HEIGHT, WIDTH), strict=False))
            crop = cv2.convertScaleAbs(photograph[y : y + HEIGHT, x : x + WIDTH], alpha=random.uniform(0.8, 1.1))
            quarters.append(cv2.resize(crop, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        rows = [np.hstack(quarters[:2]), np.hstack(quarters[2:])]
        picture = np.vstack(rows)[:HEIGHT, :WIDTH]
        if float(grain) > 0:
            picture = np.clip(picture + random.normal(0, float(grain), picture.shape), 0, 255).astype(np.uint8)
        file = folder / f"class{i % 10}" / f"{i:05d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    (folder.parent / f"{folder.name}.complete").write_text(f"{count}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
