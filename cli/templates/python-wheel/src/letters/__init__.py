"""Counts letters. Code that the jobs share lives here and can be tested without them."""


def letters_of(text):
    return [letter for letter in text.lower() if letter.isalpha()]


def count_of(text, among):
    """How many letters of `text` are one of `among`."""
    return sum(letter in among for letter in letters_of(text))
