# Databricks notebook source
# MAGIC %md
# MAGIC # Shows what was counted

# COMMAND ----------

dbutils.widgets.text("letters", "0")
letters = int(dbutils.widgets.get("letters"))
print("#" * letters)

# COMMAND ----------

# The value of the notebook, which ends here as a success.
dbutils.notebook.exit(f"{letters} letters")
