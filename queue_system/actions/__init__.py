"""Actions of people and devices: the only code that writes. One module per subject.

Each action is one function in one transaction: lock the branch, load, decide in the core, write, append facts.
"""
