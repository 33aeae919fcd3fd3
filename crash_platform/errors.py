"""The one family of errors a person can cause or mend.

Bugs stay ordinary exceptions and keep their traceback.
"""


class PlatformError(Exception):
    """Something a person can put right: one sentence says what was wrong, where, and what to do.

    The command line prints it without a traceback and exits with 1.
    """
