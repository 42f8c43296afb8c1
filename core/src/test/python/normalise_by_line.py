"""Normalises the pixels that the histograms of stats.json tell by a line that is pasted."""

import json

import numpy as np


def check(line, module, depth):
    channels = json.load(open("stats.json"))["channels"]
    dtype = np.uint8 if depth == 8 else np.uint16
    values = np.arange(2**depth)
    image = np.stack([np.repeat(values, c["histogram"]) for c in channels], axis=-1).astype(dtype)[None]
    done = globals()["by_" + module](line, image, 2**depth - 1).reshape(-1, len(channels)).astype(np.float64)
    # A float32 of about 1 is right to 6e-8; its scaling and its subtraction round once more each.
    mean, std = done.mean(axis=0), done.std(axis=0)
    assert np.all(np.abs(mean) < 1e-6), mean
    assert np.all(np.abs(std - 1) < 1e-6), std


def by_torchvision(line, image, greatest):
    import torch
    from torchvision import transforms

    if greatest == 255:
        tensor = transforms.ToTensor()(image)
    else:
        tensor = torch.from_numpy(image.astype(np.float32) / greatest).permute(2, 0, 1)
    return eval(line)(tensor).permute(1, 2, 0).numpy()


def by_tensorflow(line, image, greatest):
    import tensorflow as tf

    return eval(line)(image[None].astype(np.float32)).numpy()


def by_albumentations(line, image, greatest):
    import albumentations as A

    return eval(line)(image=image)["image"]
