# Databricks notebook source
# MAGIC %md
# MAGIC # Counts the letters of a name

# COMMAND ----------

# The parameter `who` of the job comes before this default.
dbutils.widgets.text("who", "nobody")
who = dbutils.widgets.get("who")

# COMMAND ----------

letters = sum(character.isalpha() for character in who)
print(f"{who} has {letters} letters")

# COMMAND ----------

# For later tasks: {{tasks.count.values.letters}}
dbutils.jobs.taskValues.set(key="letters", value=letters)
