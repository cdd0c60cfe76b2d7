# Databricks notebook source
from coffee_orders import PRICES


def menu():
    return sorted(PRICES)
