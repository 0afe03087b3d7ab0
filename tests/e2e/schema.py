"""Is FILE a result as reports/result.schema.json says, by a validator that is not ours, and do its summaries add up?"""
import collections
import json
import pathlib
import sys

import jsonschema

schema = json.loads((pathlib.Path(__file__).resolve().parents[2] / "reports/result.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
result = json.loads(pathlib.Path(sys.argv[1]).read_bytes().decode("utf-8"))
for error in jsonschema.Draft202012Validator(schema).iter_errors(result):
    sys.exit(f"{error.json_path}: {error.message[:200]}")
for run in result.get("runs", [result]):
    counted = collections.Counter(case["verdict"].lower() for case in run["cases"])
    summary = dict(run["summary"])
    assert summary.pop("total") == len(run["cases"]), "total"
    assert {name: n for name, n in summary.items() if n} == dict(counted), "summary"
