"""Puts a registered model version in service and makes it the champion.

Below the serving folder each version has a folder of its own, and `current` points at the one in service.
Every step is whole or absent and can be repeated, so that an attempt which dies anywhere is finished by the
next: the version's folder appears by a rename, `current` moves by a rename, and the alias moves last. The
champion of the registry is therefore always in service.
"""

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path

import model_registry
from mlflow.artifacts import download_artifacts

UNFINISHED = ".unfinished-"


def sync_folder(folder):
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder):
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            with open(path, "rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)


def release_notes(client, model_name, version):
    """What whoever looks into the serving folder wants to know about a version."""
    found = client.get_model_version(model_name, str(version))
    metrics = client.get_run(found.run_id).data.metrics
    return {
        "model": model_name,
        "version": version,
        "mlflow_run_id": found.run_id,
        "job_run_id": found.tags.get("job_run_id"),
        "reason": found.tags.get("reason"),
        "test_rmse": metrics.get("test_rmse"),
    }


def place_version(serving_root, model_name, version, notes):
    """Makes the folder of `version` exist, complete."""
    folder = serving_root / str(version)
    if folder.is_dir():
        return
    # One run at a time deploys: what lies here unfinished belongs to an attempt that died.
    for leftover in serving_root.glob(UNFINISHED + "*"):
        shutil.rmtree(leftover)
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=serving_root))
    download_artifacts(f"models:/{model_name}/{version}", dst_path=str(unfinished / "model"))
    (unfinished / "release.json").write_text(json.dumps(notes, indent=2) + "\n")
    unfinished.chmod(0o755)
    sync_tree(unfinished)
    unfinished.rename(folder)
    sync_folder(serving_root)


def point_current_at(serving_root, version):
    """Moves `current` in one step: a reader sees the old version or the new one, never neither."""
    link = serving_root / "current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(str(version))
    link.replace(serving_root / "current")
    sync_folder(serving_root)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--mlflow-uri", "--model-name", "--serving-root"):
        parser.add_argument(name, required=True)
    parser.add_argument("--model-version", type=int, required=True)
    arguments = parser.parse_args()

    client = model_registry.connect(arguments.mlflow_uri)
    serving_root = Path(arguments.serving_root)
    serving_root.mkdir(parents=True, exist_ok=True)
    version, name = arguments.model_version, arguments.model_name
    place_version(serving_root, name, version, release_notes(client, name, version))
    point_current_at(serving_root, version)
    client.set_registered_model_alias(name, model_registry.CHAMPION, str(version))
    print(f"{name} version {version} is the champion and in service at {serving_root / 'current'}")


if __name__ == "__main__":
    main()
