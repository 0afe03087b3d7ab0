/* Requirement coverage: what the RFCs ask of such a testee, and what this run showed of it. */

/* Why each requirement is, by the worst verdict of the cases that name it; undefined: no case. */
function coverage() {
  const shown = new Map();
  for (const row of rows)
    for (const result of row.results)
      for (const id of result?.requirements || []) {
        const entry = shown.get(id) || { rows: new Set(), worst: "PASS" };
        entry.rows.add(row);
        if (ORDER.indexOf(result.verdict) < ORDER.indexOf(entry.worst)) entry.worst = result.verdict;
        shown.set(id, entry);
      }
  return shown;
}

function requirementRow(row, entry) {
  const cases = entry === undefined ? [] : [...entry.rows];
  const links = cases.slice(0, 6).map((one) => h("a", { href: `#${encodeURIComponent(one.id)}` }, visible(one.id)));
  return h("li", { class: "requirement" }, mark(entry?.worst),
    h("div", {}, h("p", {}, h("b", {}, row.level), ` ${row.text}`),
      h("p", { class: "quiet" }, `${row.section} · ${row.id}${row.basis === "derived" ? " · derived" : ""}`),
      links.length === 0 ? h("p", { class: "quiet" }, row.without === undefined ? "No case in this run." : `No case: ${row.without}`)
        : h("p", { class: "links" }, links, cases.length > 6 ? ` and ${cases.length - 6} more` : "")));
}

function bar(parts, label) {
  const all = parts.reduce((n, [, count]) => n + count, 0) || 1;
  const box = h("span", { class: "bar", role: "img", "aria-label": label });
  for (const [key, count] of parts) {
    if (count === 0) continue;
    const piece = h("span", { class: key });
    piece.style.flexGrow = count / all;
    box.append(piece);
  }
  return box;
}

function documentBox(name, list, shown) {
  const covered = list.filter((row) => shown.has(row.id));
  const derived = list.filter((row) => row.basis === "derived");
  const parts = ORDER.map((verdict) => [VERDICTS[verdict].key, covered.filter((row) => shown.get(row.id).worst === verdict).length]);
  const implied = derived.filter((row) => shown.has(row.id)).length;
  const words = `${covered.length} of ${list.length}` + (derived.length === 0 ? "" :
    ` (explicit ${covered.length - implied} of ${list.length - derived.length}, derived ${implied} of ${derived.length})`);
  const details = h("details", { class: "document" }, h("summary", {},
    h("span", { class: "id" }, name.replace(/^RFC/, "RFC ")), bar([...parts.reverse(), ["rest", list.length - covered.length]], words),
    h("span", { class: "time" }, words)));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1)
      details.append(h("ul", { class: "list" }, list.map((row) => requirementRow(row, shown.get(row.id)))));
  });
  return details;
}

function requirementsPart() {
  const shown = coverage();
  if (shown.size === 0) return undefined;
  const byDocument = new Map();
  for (const row of report.requirements) {
    if (!row.testable && !shown.has(row.id)) continue;
    if (!byDocument.has(row.document)) byDocument.set(row.document, []);
    byDocument.get(row.document).push(row);
  }
  return h("section", { id: "requirements", "aria-labelledby": "requirements-title" },
    h("h2", { id: "requirements-title" }, "Requirements"),
    h("p", { class: "quiet" }, "Of what can be shown on the wire of such a testee, how much has a case here. The colour is that of the worst case."),
    [...byDocument].map(([name, list]) => documentBox(name, list, shown)));
}
