"""The entry point of the bundle's wheel task."""

import argparse
import json

from sheaf_runtime import dbutils

from coffee_orders import price_of


def total():
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=json.loads, required=True)
    parser.add_argument("--day", required=True)
    arguments = parser.parse_args()
    amount = sum(price_of(order) for order in arguments.orders)
    print(f"{arguments.day}: {len(arguments.orders)} orders, {amount} in total")
    dbutils.jobs.taskValues.set("total", amount)
