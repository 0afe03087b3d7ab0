"use strict";
/* Draws the pictures of the documentation anew, from reports of today's program in a real Chromium: `make pictures`.
 * A row is a picture: the command that makes its report, the case that is opened, and how many pixels of the
 * page (from its top) or of that case alone (`alone`) are drawn. */
const { execFileSync } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { chromium } = require(path.join(__dirname, "../tests/peers/node_modules/playwright-core"));

const server = ["--exec", "exec node tests/peers/ws_server.js {port}"];
const pictures = [
  { name: "report.png", case: "streams/behind-bfinal", height: 1352, only: "failed", run: ["test", "--section", "rfc7692/streams", ...server] },
  { name: "resilience.png", case: "back/reset-twice", alone: true, height: 384,
    run: ["resilience", "--exec", "exec node tests/peers/clients/mini-program-naive.js {url}", "--case", "back/reset*"] },
  { name: "storm.png", case: "storm/after 1s backoff 2s..30s jitter 100%", alone: true, height: 830,
    run: ["storm", "--clients", "5000", "--drop", "restart", ...server] },
];

async function draw(browser, picture, folder) {
  const status = (() => {
    try {
      execFileSync("./wsgauntlet", [...picture.run, "--report", `html=${folder}`], { stdio: ["ignore", "ignore", "inherit"] });
      return 0;
    } catch (error) {
      return error.status; /* 1: something failed, which the picture is to show */
    }
  })();
  if (status > 1) throw new Error(`wsgauntlet ${picture.run.join(" ")}: exit status ${status}`);
  /* High enough that nothing sticks to the upper edge in the middle of a case. */
  const page = await browser.newPage({ viewport: { width: 1120, height: 4000 }, colorScheme: "light", reducedMotion: "reduce" });
  await page.goto(`file://${folder}/index.html#${encodeURIComponent(picture.case)}`);
  const chosen = page.locator("details.case").filter({ has: page.getByText(picture.case, { exact: true }) }).first();
  await chosen.locator(".panel").first().waitFor();
  if (picture.only) await page.getByRole("button", { name: picture.only }).click();
  await page.evaluate(() => { document.activeElement.blur(); window.scrollTo(0, 0); });
  const box = picture.alone ? await chosen.boundingBox() : { x: 0, y: 0, width: 1120 };
  await page.screenshot({ path: path.join(__dirname, picture.name), clip: { ...box, height: picture.height } });
  await page.close();
  console.log(`docs/${picture.name}`);
}

(async () => {
  process.chdir(path.join(__dirname, ".."));
  const wanted = process.argv.slice(2);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pictures-"));
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    for (const picture of pictures)
      if (!wanted.length || wanted.includes(picture.name)) await draw(browser, picture, path.join(folder, picture.name));
  } finally {
    await browser.close();
    fs.rmSync(folder, { recursive: true });
  }
})();
