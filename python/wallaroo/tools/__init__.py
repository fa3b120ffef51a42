"""Tools that ask a running application over its external channel, or stop it."""
