// Headless Chromium on a page, its network written into a HAR file by Playwright, until the page says that it is done.
//   node har_recorder.js URL FILE.har
'use strict'
const { chromium } = require('playwright-core')

const [url, path] = process.argv.slice(2)
async function main () {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  const context = await browser.newContext({ recordHar: { path } })
  const page = await context.newPage()
  const done = page.waitForRequest(/\/done/)
  await page.goto(url)
  await (await done).response()
  await context.close() // writes the file
  await browser.close()
}
main().catch((error) => { console.error(error.message); process.exit(1) })
