"""OpenFeature's OFREP provider for Python against a real edge."""

import json
import os
import time
import unittest

from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode

with open(os.environ["CLIENTS_WORLD"], encoding="utf8") as file:
    WORLD = json.load(file)
ATTRIBUTES = {key: value for key, value in WORLD["context"].items() if key != "targetingKey"}
CONTEXT = EvaluationContext(WORLD["context"]["targetingKey"], ATTRIBUTES)


def client(domain, key=WORLD["server"], edge=WORLD["edge"]):
    headers = {"Authorization": f"Bearer {key}"}
    api.set_provider(OFREPProvider(edge, headers_factory=lambda: headers), domain)
    return api.get_client(domain)


def ask(flags, case):
    """Asks by the method of the type, with a default that is never right."""
    match case["type"]:
        case "boolean":
            return flags.get_boolean_details(case["key"], True, CONTEXT)
        case "string":
            return flags.get_string_details(case["key"], "default", CONTEXT)
        case "integer":
            return flags.get_integer_details(case["key"], -1, CONTEXT)
        case "float":
            return flags.get_float_details(case["key"], -1.0, CONTEXT)
        case "object":
            return flags.get_object_details(case["key"], {"default": True}, CONTEXT)


class Provider(unittest.TestCase):
    def test_every_type_and_every_kind_of_answer(self):
        flags = client("all")
        for case in WORLD["cases"]:
            with self.subTest(case["key"]):
                got = ask(flags, case)
                self.assertIsNone(got.error_code, got.error_message)
                expected = (case["value"], case["variant"], case["reason"])
                self.assertEqual((got.value, got.variant, got.reason), expected)
                self.assertEqual(got.flag_metadata["version"], 1)

    def test_what_cannot_be_evaluated_is_the_default_with_its_reason(self):
        flags = client("errors")
        unknown = flags.get_boolean_details("nothing", True, CONTEXT)
        self.assertEqual((unknown.value, unknown.error_code), (True, ErrorCode.FLAG_NOT_FOUND))
        missing = flags.get_string_details("string-split", "default", EvaluationContext(attributes=ATTRIBUTES))
        self.assertEqual((missing.value, missing.error_code), ("default", ErrorCode.TARGETING_KEY_MISSING))
        integer = flags.get_float_details("integer-static", -1.0, CONTEXT)
        self.assertEqual(integer.error_code, ErrorCode.TYPE_MISMATCH)
        stranger = client("stranger", WORLD["server"][:-1] + "_")
        refused = stranger.get_boolean_details("boolean-static", False, CONTEXT)
        self.assertEqual((refused.value, refused.error_code), (False, ErrorCode.GENERAL))

    def test_a_client_that_asks_too_often_waits_and_is_let_in_again(self):
        flags = client("often", edge=WORLD["limited"])
        until = time.monotonic() + 20
        said = []
        while time.monotonic() < until and len(said) < 2:
            got = flags.get_boolean_details("boolean-static", False, CONTEXT)
            if not said and "paused" in (got.error_message or ""):
                said.append("paused")
            elif said and got.error_code is None:
                said.append("let in again")
        self.assertEqual(said, ["paused", "let in again"])


if __name__ == "__main__":
    unittest.main()
