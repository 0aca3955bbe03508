"""Trains a network as a configuration or a preset says; run again, it goes on where it was stopped.

    python -m shiftsim_tools.training.train CONFIG.yaml | --preset NAME [--short] [--set KEY=VALUE]... [-o DIR]
                                            [--stop-after STEPS] [--list] [--quiet]

DIR (default out/training/NAME, with --short NAME-short) receives checkpoint.pt, metrics.csv,
model.pt (the trained network) and result.json.
Ctrl-C or SIGTERM ends after the current step with a checkpoint. Exit codes: 0 done; 2 the configuration is wrong; 4
data or a package is missing; 130 interrupted.
"""

import argparse
import pathlib
import signal
import sys


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", nargs="?", type=pathlib.Path, metavar="CONFIG.yaml")
    parser.add_argument("--preset", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="names of the presets")
    parser.add_argument("--short", action="store_true", help="at most 300 steps and 2,000 test images")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="YAML value of a key path")
    parser.add_argument("-o", "--output", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--stop-after", type=int, metavar="STEPS", help="stop with a checkpoint after so many steps")
    parser.add_argument("--quiet", action="store_true")
    arguments = parser.parse_args(argv)
    if not arguments.list and (arguments.config is None) == (arguments.preset is None):
        parser.error("one of CONFIG.yaml and --preset is needed")
    return arguments


def changes(settings):
    """The nested mapping of KEY=VALUE settings."""
    import yaml

    result = {}
    for setting in settings:
        path, found, value = setting.partition("=")
        if not found:
            raise ValueError(f"--set {setting}: accepted: KEY=VALUE")
        *parents, key = path.split(".")
        inner = result
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[key] = yaml.safe_load(value)
    return result


def configuration(arguments):
    """The resolved configuration and the name of the run."""
    import yaml

    from shiftsim_tools.training import experiments

    if arguments.preset:
        config, name = experiments.preset(arguments.preset), arguments.preset
    else:
        try:
            config = experiments.resolved(yaml.safe_load(arguments.config.read_text()))
        except (OSError, yaml.YAMLError) as error:
            raise experiments.ConfigurationError(f"{arguments.config}: {error}") from None
        name = arguments.config.stem
    if arguments.short:
        config, name = experiments.shortened(config), f"{name}-short"
    return experiments.resolved(experiments.merged(config, changes(arguments.set))), name


def main(argv=None):
    arguments = parse(argv)
    try:
        import torch  # noqa: F401
        import yaml  # noqa: F401
    except ImportError as error:
        sys.exit(missing(f"{error.name} is not installed: pip install -r scripts/requirements-training.txt"))
    from shiftsim_tools.training import data, experiments, run

    if arguments.list:
        print("\n".join(experiments.PRESETS))
        return 0
    try:
        config, name = configuration(arguments)
        folder = arguments.output or pathlib.Path("out/training") / name
        started = run.Run(config, folder, None if arguments.quiet else show)
        return follow(started, arguments)
    except (experiments.ConfigurationError, ValueError, TypeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except data.MissingDataError as error:
        return missing(error)


def missing(message):
    print(f"error: {message}", file=sys.stderr)
    return 4


def show(text):
    """Progress: a line that replaces itself on a terminal, one line each elsewhere."""
    print(text, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


def follow(started, arguments):
    """Trains to the end; a signal ends with a checkpoint."""
    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(1))
    if started.train(lambda taken: bool(stopped) or taken == arguments.stop_after):
        result = started.result
        print(f"top-1 {100 * result['accuracy']:.2f} % of {result['test_images']} test images: {started.folder}")
        return 0
    print(f"stopped at step {started.step} of {started.steps}; the same command goes on", file=sys.stderr)
    return 130 if stopped else 0


if __name__ == "__main__":
    sys.exit(main())
