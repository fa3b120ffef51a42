"""The API of Wallaroo as of 2020, in pure Python.

Applications see these names in the module `wallaroo`. Nothing here needs the engine: an application
becomes a tuple (`pipeline`), which `lowering` walks into a builder (`builder`), and `launcher` is
the command `machida3`.
"""
