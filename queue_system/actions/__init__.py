"""What people and devices do: the only writers. One module per subject.

Each action is one function in one transaction: lock the branch, load, decide in the core, write, append facts.
"""
