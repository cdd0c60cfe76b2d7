"""`sheaf schema` against a validator that others wrote, and `sheaf graph`."""

import json
import pathlib

import jsonschema
import pytest
import yaml

from cli_program import Cli

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUNDLES = sorted({*ROOT.glob("tests/bundles/good/*/**/*.yml"), *ROOT.glob("tests/bundles/good/*/**/*.yaml"),
                  *ROOT.glob("examples/*/databricks.yml"), *ROOT.glob("examples/*/resources/*.yml")})


@pytest.fixture(scope="module")
def cli(tmp_path_factory):
    return Cli(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def schema(cli):
    return json.loads(cli("schema").stdout)


@pytest.fixture(scope="module")
def validator(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


class OneDocument(yaml.SafeLoader):
    """Dates stay texts, as the bundle language has none."""


OneDocument.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


@pytest.mark.parametrize("path", [path for path in BUNDLES if path.name not in ("load_options.yml", "not_included.yaml")],
                         ids=lambda path: str(path.relative_to(ROOT)))
def test_what_loads_without_a_word_fits_the_schema(validator, path):
    document = yaml.load(path.read_text(), OneDocument)
    errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in validator.iter_errors(document)]
    # What `validate` warns of may be refused.
    expected = path.parent / "expected.json"
    if not expected.exists() or not json.loads(expected.read_text())["diagnostics"]:
        assert not errors


def test_the_schema_finds_what_is_wrong(validator):
    def errors(job):
        return list(validator.iter_errors({"bundle": {"name": "b"}, "resources": {"jobs": {"j": job}}}))
    assert not errors({"max_concurrent_runs": 2, "tasks": [{"task_key": "t", "command_task": {"command": ["a"]}}]})
    assert not errors({"max_concurrent_runs": "${var.runs}"})
    assert errors({"max_concurrent_runs": "many"})
    assert errors({"max_concurent_runs": 2})
    assert errors({"tasks": [{"task_key": "t", "run_if": "NEVER"}]})
    assert errors({"tasks": [{"task_key": "t", "for_each_task": {"task": {"task_ky": "i"}}}]})


def test_every_field_of_the_schema_is_described(schema):
    bare = []

    def walk(node, place):
        for name, field in node.get("properties", {}).items():
            if "description" not in field and "$ref" not in field:
                bare.append(f"{place}.{name}")
            for inner in (field, field.get("items", {}), field.get("additionalProperties", {})):
                if isinstance(inner, dict):
                    walk(inner, f"{place}.{name}")
    walk(schema, "")
    for name, definition in schema["$defs"].items():
        walk(definition, name)
    assert not bare


def test_a_graph_is_drawn_of_one_job_or_all(cli):
    folder = ROOT / "examples/wine_retraining"
    everything = cli("graph", folder=folder).stdout
    assert "└─ " in everything and "condition_task" in everything
    assert cli("graph", "--mermaid", folder=folder).stdout.startswith("flowchart TD\n")
    graphs = cli.json("graph", folder=folder)
    key, graph = next(iter(graphs.items()))
    assert cli("graph", key, folder=folder).stdout == everything
    assert {"train", "deploy"} <= {task["task_key"] for task in graph["tasks"]}
    assert f"it has: {key}" in cli("graph", "nobody", folder=folder, status=2).stderr
