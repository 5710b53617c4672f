"""Lets PyYAML read what we write, and writes what we must read.

    python yaml_round_trip.py load FILE    each line {"text": …, "expected": …}; prints the failures
    python yaml_round_trip.py dump FILE    each line a document; prints {"text": …, "expected": …}
                                           for each way to write it that PyYAML itself reads back
    python yaml_round_trip.py judge FILE   each line a text; prints what the loader of libyaml, with
                                           which MLflow reads, makes of it: null where it raises

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


def judged(texts):
    for text in texts:
        try:
            yield shape(yaml.load(text, Loader=yaml.CSafeLoader))
        # Besides its own errors PyYAML lets any of Python's through.
        except Exception:
            yield None


def shape(value):
    """Pairs, since V8 reads some keys that have an escape in them as other keys."""
    if isinstance(value, dict):
        return [[key, kind(each)] for key, each in value.items() if is_word(key)]
    return "null" if value is None else "no mapping"


def is_word(key):
    """Whether a key is text with quotes and without: keys have no type where the answer is read."""
    if not isinstance(key, str):
        return False
    tag = yaml.resolver.Resolver().resolve(yaml.ScalarNode, key, (True, False))
    return tag == "tag:yaml.org,2002:str"


def kind(value):
    if isinstance(value, str):
        return f"str {value}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"int {value}"
    names = {"NoneType": "null", "datetime": "date", "list": "sequence", "dict": "mapping"}
    return names.get(type(value).__name__, type(value).__name__)


def main():
    action, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    if action == "load":
        answer = list(failures(lines))
    elif action == "judge":
        answer = list(judged(lines))
    else:
        answer = list(dumped(lines))
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
