"""Lets PyYAML read what we write, and writes what we must read.

    python yaml_round_trip.py load FILE    each line {"text": …, "expected": …}; prints the failures
    python yaml_round_trip.py dump FILE    each line a document; prints {"text": …, "expected": …}
                                           for each way to write it that PyYAML itself reads back

Both loaders and both dumpers take part: MLflow uses libyaml's where there is one, else PyYAML's own.
"""

import json
import sys

import yaml

LOADERS = (yaml.CSafeLoader, yaml.SafeLoader)
DUMPERS = (yaml.CSafeDumper, yaml.SafeDumper)


def load(text, loader):
    try:
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        return f"{type(error).__name__}: {error}"


def failures(lines):
    for line in lines:
        for loader in LOADERS:
            actual = load(line["text"], loader)
            if actual != line["expected"]:
                # repr(), since what was read may be no JSON value: a date, for example.
                yield {"loader": loader.__name__, **line, "actual": repr(actual)}


def dump(document, dumper):
    """As MLflow's own write_yaml() does."""
    return yaml.dump(
        document,
        default_flow_style=False,
        allow_unicode=True,
        sort_keys=True,
        Dumper=dumper,
    )


def dumped(documents):
    """PyYAML's own dumper writes a NEL as it is, which neither loader takes for one."""
    for document in documents:
        for dumper in DUMPERS:
            text = dump(document, dumper)
            if all(load(text, loader) == document for loader in LOADERS):
                yield {"text": text, "expected": document}


def main():
    action, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    if action == "load":
        answer = list(failures(lines))
    else:
        answer = list(dumped(lines))
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
