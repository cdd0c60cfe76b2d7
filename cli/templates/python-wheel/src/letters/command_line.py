"""The entry point of the wheel task."""

import argparse

from databricks.sdk.runtime import dbutils

from letters import count_of, letters_of


def count():
    parser = argparse.ArgumentParser()
    parser.add_argument("--who", required=True)
    parser.add_argument("--vowels", required=True)
    arguments = parser.parse_args()
    vowels = count_of(arguments.who, arguments.vowels)
    # For later tasks: {{tasks.count.values.vowels}}
    dbutils.jobs.taskValues.set(key="vowels", value=vowels)
    print(f"{arguments.who} has {len(letters_of(arguments.who))} letters, {vowels} of them vowels")
