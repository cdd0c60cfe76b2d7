# Databricks notebook source
# MAGIC %md
# MAGIC # The orders of a day

# COMMAND ----------

# DBTITLE 1,What is asked for
dbutils.widgets.text("cups", "1")
dbutils.widgets.text("day", "today")
cups = int(dbutils.widgets.get("cups"))
print("orders of", dbutils.widgets.get("day"))

# COMMAND ----------

# MAGIC %run ./menu

# COMMAND ----------

orders = [{"drink": drink, "cups": cups} for drink in menu()]
dbutils.jobs.taskValues.set("orders", orders)
display(orders)

# COMMAND ----------

# MAGIC %sh
# MAGIC echo "the shell stands in $(basename "$PWD")"

# COMMAND ----------

try:
    dbutils.notebook.exit(f"{len(orders)} orders")
except Exception:
    print("nothing catches the end of a notebook")
