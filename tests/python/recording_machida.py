"""machida3 with a runner that prints what it was given instead of running it.

RUN_RAISES names an exception that the runner raises after it has said that all is ready.
"""

import builtins
import json
import os
import sys

import wallaroo
from wallaroo.original import launcher
from wallaroo.original.errors import ApplicationError


def run(application, settings):
    print(json.dumps({
        "name": application[0] if isinstance(application, tuple) else repr(application),
        "worker": settings.options.worker_name,
        "hooks": settings.hooks is not None and settings.hooks.serialize("x").decode(),
        "args": settings.application_args,
        "sys.argv": sys.argv,
        "_ARGS": wallaroo._ARGS,
        "checkpoints": settings.options.time_between_checkpoints,
    }))
    settings.on_ready()
    raises = os.environ.get("RUN_RAISES")
    if raises == "ApplicationError":
        raise ApplicationError("the port is taken")
    if raises:
        raise getattr(builtins, raises)(*json.loads(os.environ.get("RUN_RAISES_WITH", "[]")))


if __name__ == "__main__":
    launcher.main(run_application=run)
