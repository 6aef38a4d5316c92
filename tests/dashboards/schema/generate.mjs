// Prints JSON Schemas of Grafana's own types: of a dashboard, and of what is peculiar to each kind of panel.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

const raw = join(dirname(fileURLToPath(import.meta.url)), 'node_modules/@grafana/schema/dist/types/raw');
const panels = ['timeseries', 'stat', 'table', 'heatmap', 'statetimeline'];

function schema(path, type) {
  const [version] = readdirSync(join(raw, path));
  const file = join(raw, path, version, 'types.gen.d.ts');
  return createGenerator({ path: file, type, skipTypeCheck: true, topRef: true }).createSchema(type);
}

const schemas = { dashboard: schema('dashboard', 'Dashboard'), panel: schema('dashboard', 'Panel') };
for (const panel of panels) {
  schemas[`${panel}.options`] = schema(`composable/${panel}/panelcfg`, 'Options');
  // A stat has no fields of its own.
  if (panel !== 'stat') schemas[`${panel}.custom`] = schema(`composable/${panel}/panelcfg`, 'FieldConfig');
}
process.stdout.write(JSON.stringify(schemas));
