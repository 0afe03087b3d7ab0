/* The runs of the report, and every case once with its result in each run: of several rounds, the worst. */

const report = JSON.parse(document.getElementById("data").textContent);
const runs = report.runs;

/* Worst first: so they stand, and so the worst of several is found. */
const VERDICTS = {
  FAIL: { mark: "✗", name: "failed", key: "fail" },
  ERROR: { mark: "!", name: "in error", key: "error" },
  NON_STRICT: { mark: "~", name: "non-strict", key: "non_strict" },
  UNIMPLEMENTED: { mark: "–", name: "unimplemented", key: "unimplemented" },
  INFO: { mark: "i", name: "info", key: "info" },
  PASS: { mark: "✓", name: "passed", key: "pass" },
};
const ORDER = Object.keys(VERDICTS);
/* What a client does not promise is not missing. */
if (runs.every((run) => run.mode === "resilience")) VERDICTS.UNIMPLEMENTED.name = "not applicable";

const nameOf = (run) => {
  const t = run.testee;
  const command = t.command.replace(/^exec /, "").replace(/ *\{\w+\}/g, "");
  return visible(t.agent || (t.builtin ? `the built-in peer${t.fault ? ` with ${t.fault}` : ""}` : command || t.url || "the testee"));
};
/* Two of one name are told apart by when they ran. */
const names = runs.map((run, i) => {
  const same = runs.filter((other) => nameOf(other) === nameOf(run));
  return same.length === 1 ? nameOf(run) : `${nameOf(run)} (${same.indexOf(run) + 1})`;
});

const rows = (() => {
  const byId = new Map();
  runs.forEach((run, at) => {
    for (const result of run.cases) {
      let row = byId.get(result.id);
      if (row === undefined) {
        row = { id: result.id, title: result.title, section: result.section || "cases", results: [] };
        byId.set(result.id, row);
      }
      row.rounds ??= {};
      (row.rounds[at] ??= []).push(result);
      const before = row.results[at];
      if (before === undefined || ORDER.indexOf(result.verdict) < ORDER.indexOf(before.verdict)) row.results[at] = result;
    }
  });
  return [...byId.values()];
})();

const worst = (row) => ORDER.find((verdict) => row.results.some((r) => r !== undefined && r.verdict === verdict));
const differs = (row) => runs.some((_, i) => row.results[i]?.verdict !== row.results[0]?.verdict);

for (const row of rows) {
  row.worst = worst(row);
  row.text = [row.id, row.title, ...row.results.map((r) => r === undefined ? "" :
    `${r.alias} ${r.detail} ${r.expected} ${r.seen} ${r.requirements.join(" ")}`)].join(" ").toLowerCase();
}

const requirements = new Map(report.requirements.map((r) => [r.id, r]));

function mark(verdict, where = "") {
  const look = VERDICTS[verdict];
  const of = where === "" ? "" : ` by ${where}`;
  if (look === undefined) return h("span", { class: "mark none", role: "img", "aria-label": `not played${of}` }, "·");
  return h("span", { class: `mark ${look.key}`, role: "img", "aria-label": look.name + of, title: look.name + of },
    look.mark);
}
