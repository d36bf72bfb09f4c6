"""Reads OFREP's definition where it contradicts itself or what all of its clients and servers do. Prints JSON.

- `oneOf` over the types of a value: the branch of the code's default is an object without requirements, so that every
  value fits two branches and none could ever be valid. Read as `anyOf`; likewise for a flag that is a success or a failure.
- The reason DEFAULT is missing in the list, though OpenFeature has it and OFREP's decision record 0006 uses it.
- `FLAG_NOT_FOUND` and `PROVIDER_NOT_READY` are codes of OpenFeature that the schema of failures does not list.
- A targeting key that is empty names nobody; it is required, so read it as required not to be empty.
- Answers that it knows nothing of but HTTP has: 405, 413, 415, 503.
"""

import json
import sys

import yaml


def read_as_any(node):
    if isinstance(node, dict):
        if "oneOf" in node and any("$ref" in branch for branch in node["oneOf"]):
            node["anyOf"] = node.pop("oneOf")
        for value in node.values():
            read_as_any(value)
    elif isinstance(node, list):
        for value in node:
            read_as_any(value)


with open(sys.argv[1], encoding="utf8") as file:
    definition = yaml.safe_load(file)
read_as_any(definition)
schemas = definition["components"]["schemas"]
success = schemas["evaluationSuccess"]["allOf"][0]["properties"]
success["reason"]["enum"].append("DEFAULT")
schemas["evaluationFailure"]["properties"]["errorCode"]["enum"] += ["FLAG_NOT_FOUND", "PROVIDER_NOT_READY"]
schemas["context"]["properties"]["targetingKey"]["minLength"] = 1
for path in definition["paths"].values():
    for status in ["405", "413", "415", "503"]:
        path["post"]["responses"][status] = {"description": "As HTTP has it"}
json.dump(definition, sys.stdout, default=str)
