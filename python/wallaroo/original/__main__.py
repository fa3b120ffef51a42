"""`python -m wallaroo.original` is `machida3`."""

from __future__ import annotations

from .launcher import main

if __name__ == "__main__":
    main()
