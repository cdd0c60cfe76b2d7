"""What the coffee bar charges."""

PRICES = {"espresso": 2, "flat white": 4}


def price_of(order):
    return PRICES[order["drink"]] * order["cups"]
