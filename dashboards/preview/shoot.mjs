// Builds the page, serves it beside Prometheus (PROMETHEUS), and takes the pictures: node shoot.mjs END FOLDER
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';

const [end, folder] = process.argv.slice(2);
const PICTURES = {
  'northflank-overview': { hours: 168 },
  // Its last rows are about copies and restores, of which this addon has none.
  'northflank-addon': { hours: 168, project_id: 'shop', addon_id: 'carts-db', rows: 4 },
  'northflank-exporter': { hours: 24 },
};
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--disable-background-networking'];

await build({ logLevel: 'error' });
const server = await preview({ preview: { host: '127.0.0.1', port: 0 }, logLevel: 'error' });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS });
const trouble = [];
try {
  for (const [board, options] of Object.entries(PICTURES)) {
    const page = await browser.newPage({ viewport: { width: 1640, height: 3200 } });
    await page.clock.setFixedTime(Number(end) * 1000); // what is so long ago is so at the end of the history
    page.on('pageerror', (error) => trouble.push(`${board}: ${error}`));
    const parameters = new URLSearchParams({ board, to: end, ...options });
    await page.goto(`${server.resolvedUrls.local[0]}?${parameters}`);
    await page.waitForFunction(() => {
      const panels = [...document.querySelectorAll('.panel')];
      return panels.length > 0 && panels.every((panel) => panel.dataset.ready === 'true');
    }, null, { timeout: 120_000 });
    await page.waitForTimeout(1500); // what is drawn on a canvas tells nobody that it is done
    trouble.push(...(await page.locator('.error').allInnerTexts()).map((text) => `${board}: ${text}`));
    const { x, y, width, height } = await page.locator('main').boundingBox();
    const after = page.locator('.row').nth(options.rows ?? 99);
    const until = (await after.count()) ? (await after.boundingBox()).y - y : height;
    await page.screenshot({ path: join(folder, `${board}.png`), clip: { x, y, width, height: until } });
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
for (const each of trouble) console.error(each);
process.exitCode = trouble.length > 0 ? 1 : 0;
