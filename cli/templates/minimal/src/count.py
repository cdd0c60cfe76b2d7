"""Counts the letters of the name and publishes the number for later tasks: {{tasks.count.values.letters}}."""

import sys

from sheaf_runtime import dbutils

name = sys.argv[1]
letters = sum(character.isalpha() for character in name)
dbutils.jobs.taskValues.set(key="letters", value=letters)
print(f"{name} has {letters} letters")
