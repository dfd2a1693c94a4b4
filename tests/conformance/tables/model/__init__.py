"""A small model of DynamoDB's tables, for random tests: plain dictionaries, no parser, no paging, nothing clever.

- values.py: attribute values in their wire form, compared and measured
- language.py: conditions and updates as trees: evaluated here, and rendered as text for the server
- table.py: a table: items, indexes, capacity, what the stream must hold
- program.py: random steps; each knows what the model answers and how the server's answer is compared
"""
