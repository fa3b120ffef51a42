"""Python on wallaroo: applications written for Wallaroo as of 2020, and the names they use."""
