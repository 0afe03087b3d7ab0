"""Is FILE a result as reports/result.schema.json says, by a validator that is not ours, and does its summary add up?"""
import collections
import json
import pathlib
import sys

import jsonschema

schema = json.loads((pathlib.Path(__file__).resolve().parents[2] / "reports/result.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
result = json.loads(pathlib.Path(sys.argv[1]).read_bytes().decode("utf-8"))
jsonschema.Draft202012Validator(schema).validate(result)
counted = collections.Counter(case["verdict"].lower() for case in result["cases"])
summary = dict(result["summary"])
assert summary.pop("total") == len(result["cases"]), "total"
assert {name: n for name, n in summary.items() if n} == dict(counted), "summary"
