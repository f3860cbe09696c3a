r"""From tokens to the object that an answer states, by recursive descent. Nothing is computed here.

Each file is a part of the grammar and inherits the parts that it calls: `cursor` <- `groups` <- `arithmetic` <- `atoms`; with
`words`, <- `statements` <- `answer`, the whole. What an inner part asks of an outer one is abstract in `cursor`.
"""
