/* The page: who was tested and how it went, then its parts. */

function verdictOf(run) {
  const { error, total, known } = run.summary;
  const fail = run.summary.fail - known; /* what the baseline knows is no news */
  const missing = run.planned - total;
  if (total === 0) return { key: "error", text: "Nothing was played" };
  if (fail > 0) return { key: "fail", text: `${fail.toLocaleString("en")} of ${plural(total, "case")} failed` };
  if (error > 0) return { key: "error", text: `${plural(error, "case")} of ${total.toLocaleString("en")} in error` };
  if (missing > 0) return { key: "error", text: `Stopped early: ${plural(missing, "case")} did not run` };
  const but = known === 0 ? "" : ` but ${known.toLocaleString("en")} known`;
  return { key: "pass", text: `No failure${but} in ${plural(total, "case")}` };
}

const parts = (run) => [...ORDER].reverse().map((verdict) => [VERDICTS[verdict].key, run.summary[VERDICTS[verdict].key]]);

function counts(run) {
  return ORDER.filter((verdict) => run.summary[VERDICTS[verdict].key] > 0).map((verdict) =>
    h("span", { class: `number ${VERDICTS[verdict].key}` }, h("b", {}, run.summary[VERDICTS[verdict].key].toLocaleString("en")),
      ` ${VERDICTS[verdict].name}`));
}

const countWords = (run) => ORDER.filter((v) => run.summary[VERDICTS[v].key] > 0)
  .map((v) => `${run.summary[VERDICTS[v].key]} ${VERDICTS[v].name}`).join(", ");

function whereabouts(run) {
  const t = run.testee;
  const when = run.started === "" ? "" : run.started.replace("T", " ").replace("Z", " UTC");
  return [t.url, t.command === "" ? "" : `started with ${t.command}`, when, run.duration_ms > 0 ? duration(run.duration_ms) : "", `seed ${run.seed}`,
    `wsgauntlet ${run.version}`].filter((word) => word !== "").map(visible).join(" · ");
}

function single(run) {
  const verdict = verdictOf(run);
  const missing = run.planned - run.summary.total;
  return [h("p", { class: "kicker" }, "wsgauntlet ", visible(run.mode), run.testee.role === "client" ? ", a client" : ", a server"),
    h("h1", {}, nameOf(run)),
    h("p", { class: `verdict ${verdict.key}` }, verdict.text),
    missing > 0 && run.summary.total > 0 ? h("p", { class: "stopped" }, `The run was stopped early; ${plural(missing, "case")} did not run.`) : undefined,
    bar(parts(run), countWords(run)), h("p", { class: "numbers" }, counts(run)), h("p", { class: "quiet" }, whereabouts(run)),
    failures()];
}

/* The first of what failed, each a way to its case. */
function failures() {
  const bad = rows.filter((row) => row.worst === "ERROR" ||
    row.results.some((r) => r?.verdict === "FAIL" && r.known === undefined));
  if (bad.length === 0) return undefined;
  const all = h("button", { type: "button", onclick: () => {
    const toggle = document.querySelector(".toggle.fail, .toggle.error");
    if (toggle.getAttribute("aria-pressed") === "false") toggle.click();
    document.getElementById("cases").scrollIntoView();
  } }, `and ${bad.length - 8} more`);
  return h("ul", { class: "failures", "aria-label": "What failed" }, bad.slice(0, 8).map((row) => {
    const result = row.results.find((r) => r?.verdict === row.worst);
    return h("li", {}, mark(row.worst), h("a", { href: `#${encodeURIComponent(row.id)}` }, visible(row.id)),
      h("span", {}, visible(cut(`${row.title}: ${result.detail || `expected ${result.expected}, got ${result.seen}`}`, 200))));
  }), bad.length > 8 ? h("li", { class: "more" }, all) : undefined);
}

function several() {
  const bad = runs.filter((run) => verdictOf(run).key !== "pass").length;
  return [h("p", { class: "kicker" }, "wsgauntlet"), h("h1", {}, plural(runs.length, "testee"), " side by side"),
    h("p", { class: `verdict ${bad === 0 ? "pass" : "fail"}` }, bad === 0 ? "None of them fails a case"
      : `${bad} of ${runs.length} fail${bad === 1 ? "s" : ""}`),
    h("ol", { class: "runs" }, runs.map((run, i) => h("li", {}, h("div", {}, h("strong", {}, `${i + 1}  ${names[i]}`),
      h("span", { class: `word ${verdictOf(run).key}` }, verdictOf(run).text)), bar(parts(run), countWords(run)),
    h("p", { class: "numbers" }, counts(run)), h("p", { class: "quiet" }, whereabouts(run)))))];
}

function figuresPart() {
  const all = runs.flatMap((run, i) => (run.figures || []).map((figure) =>
    (runs.length === 1 ? figure : { ...figure, title: `${names[i]}: ${figure.title}` })));
  if (all.length === 0) return undefined;
  return h("section", { id: "figures", "aria-labelledby": "figures-title" }, h("h2", { id: "figures-title" }, "Figures"),
    all.map(figureBox));
}

/* Paper has no buttons: what did not pass is opened, up to what one would print. */
function beforePrint() {
  const bad = rows.filter((row) => row.worst === "FAIL" || row.worst === "ERROR");
  for (const row of bad.slice(0, 40)) row.line.open = true;
}

function main() {
  document.title = document.title || "wsgauntlet";
  fill(document.getElementById("top"), {}, runs.length === 1 ? single(runs[0]) : several());
  const all = [["cases", "Cases", casesPart()], ["figures", "Figures", figuresPart()],
    ["requirements", "Requirements", requirementsPart()]].filter(([, , part]) => part !== undefined);
  /* Pictures of the whole come before the cases. */
  all.sort((a, b) => (b[0] === "figures") - (a[0] === "figures"));
  fill(document.getElementById("nav"), {}, all.map(([id, name]) => h("a", { href: `#${id}` }, name)));
  fill(document.getElementById("main"), {}, all.map(([, , part]) => part));
  fill(document.getElementById("foot"), {}, [h("p", { class: "quiet" }, "Keys: / searches, ↑ ↓ go from case to case, Enter opens one.")]);
  applyFilter();
  const go = () => showCase(location.hash);
  addEventListener("hashchange", go);
  addEventListener("beforeprint", beforePrint);
  if (rows.length <= 5) for (const row of rows) row.line.open = true;
  go();
}

main();
