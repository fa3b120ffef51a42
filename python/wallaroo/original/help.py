"""What `machida3 --help` prints."""

HELP = """\
usage: machida3 --application-module NAME [options] [arguments of the application]

Runs an application that was written for Wallaroo as of 2020. NAME is a module with a function
application_setup(args), which gets all arguments that are not below and returns an application.
PYTHONPATH says where modules are; the current folder is looked into, too.

  --application-module NAME      the application's module
  -t, --cluster-initializer      this worker begins the cluster; it is always named 'initializer'
  -n, --name NAME                name of any other worker
  -w, --worker-count N           number of workers to wait for; default 1
  -j, --join HOST:PORT           joins a running cluster by the control address of any worker
  -c, --control HOST:PORT        control address of the initializer
  -d, --data HOST:PORT           data address of the initializer, only on the initializer
  -x, --my-control HOST:PORT     control address of a worker that is not the initializer
  -y, --my-data HOST:PORT        data address of a worker that is not the initializer
  -e, --external HOST:PORT       listens for messages of external_sender and other tools
  -m, --metrics HOST:PORT        receiver of metrics; it need not be there
      --run-with-resilience      takes checkpoints, and continues from the last one
  -r, --resilience-dir PATH      where checkpoints are kept; default /tmp
      --time-between-checkpoints NS   default 1_000_000_000, which is a second
  -u, --stop-pause NS            default 2_000_000_000
  -h, --help                     prints this

Accepted, and without effect: --log-rotation, -l/--event-log-file-size N, -f/--file PATH,
--resilience-dos-server HOST:PORT,.., --resilience-no-local-file-io,
--resilience-enable-io-journal, --spike-seed N, --spike-drop, --spike-prob P, --spike-margin N,
and all options that begin with --pony."""
