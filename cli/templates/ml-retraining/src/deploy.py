"""Puts the new model in service. Each step is whole or absent and may be repeated."""

import argparse
import os
from pathlib import Path

import model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-folder", type=Path, required=True)
    parser.add_argument("--serving-folder", type=Path, required=True)
    parser.add_argument("--version", required=True)
    arguments = parser.parse_args()

    version = arguments.serving_folder / arguments.version
    version.mkdir(parents=True, exist_ok=True)
    model.save(model.load(arguments.work_folder / "model.json"), version / "model.json")
    # A link moves at once: whoever loads `current` gets the old model or the new one.
    link = arguments.serving_folder / f"current.{arguments.version}"
    link.unlink(missing_ok=True)
    os.symlink(arguments.version, link)
    link.replace(arguments.serving_folder / "current")
    print(f"version {arguments.version} is in service")


main()
