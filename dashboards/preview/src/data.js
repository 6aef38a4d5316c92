// From a panel to data frames, as Grafana makes them: variables, queries, transformations, fields.
import {
  FieldColorModeId,
  FieldType,
  MutableDataFrame,
  createTheme,
  getDisplayProcessor,
  getFieldDisplayName,
  standardTransformers,
  standardTransformersRegistry,
  toDataFrame,
  transformDataFrame,
} from '@grafana/data';
import { firstValueFrom } from 'rxjs';

export const theme = createTheme({ colors: { mode: 'dark' } });

const transformations = new Map(Object.values(standardTransformers).map((each) => [each.id, each]));
standardTransformersRegistry.setInit(() =>
  [...transformations.values()].map((transformation) => ({
    id: transformation.id,
    name: transformation.name,
    transformation: () => Promise.resolve(transformation),
    editor: () => null,
  }))
);

const STEPS = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map((minutes) => minutes * 60);
// The history has a scrape each five minutes, and a rate wants four of them.
const SCRAPE_INTERVAL = 300;

export function filled(text, values) {
  return text.replace(/\$\{?([a-z_]\w*)(?::\w+)?\}?/g, (whole, name) => values[name] ?? whole);
}

function seconds(interval) {
  const [, count, unit] = interval.match(/^(\d+)([smhd])$/);
  return Number(count) * { s: 1, m: 60, h: 3600, d: 86400 }[unit];
}

export function stepOf(panel, range, width) {
  const wanted = Math.max((range.to - range.from) / width, seconds(panel.interval ?? '1m'), SCRAPE_INTERVAL);
  return STEPS.find((step) => step >= wanted) ?? STEPS.at(-1);
}

async function ask(target, values, range, step) {
  const interval = { __interval: `${step}s`, __rate_interval: `${Math.max(step + SCRAPE_INTERVAL, 4 * SCRAPE_INTERVAL)}s` };
  const query = filled(target.expr, { ...values, ...interval });
  const from = Math.ceil(range.from / step) * step;
  const parameters = target.instant ? { query, time: range.to } : { query, start: from, end: range.to, step };
  const path = target.instant ? 'query' : 'query_range';
  const answer = await fetch(`/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(parameters) });
  const body = await answer.json();
  if (body.status !== 'success') throw new Error(`${body.error}: ${query}`);
  return body.data.result;
}

function legend(target, labels) {
  const format = target.legendFormat;
  if (!format) return Object.entries(labels).map(([name, value]) => `${name}="${value}"`).join(' ') || 'Value';
  return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => labels[name] ?? '').trim();
}

function seriesFrame(target, series, step) {
  const points = series.values ?? [series.value];
  return toDataFrame({
    refId: target.refId,
    fields: [
      // From this, gaps are told from points that are merely far apart.
      { name: 'Time', type: FieldType.time, values: points.map(([time]) => time * 1000), config: { interval: step * 1000 } },
      {
        name: 'Value',
        type: FieldType.number,
        labels: series.metric,
        values: points.map(([, value]) => Number(value)),
        config: { displayNameFromDS: legend(target, series.metric) },
      },
    ],
  });
}

function tableFrame(target, series, many) {
  const labels = [...new Set(series.flatMap((each) => Object.keys(each.metric)))].sort();
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: series.map((each) => each.value[0] * 1000) },
      ...labels.map((name) => ({ name, type: FieldType.string, values: series.map((each) => each.metric[name] ?? '') })),
      {
        name: many ? `Value #${target.refId}` : 'Value',
        type: FieldType.number,
        values: series.map((each) => Number(each.value[1])),
      },
    ],
  });
}

function thresholdsFrom(frames, options) {
  // Grafana has this transformation in its core, not in @grafana/data.
  const limits = frames.filter((frame) => frame.refId === options.configRefId);
  const rest = frames.filter((frame) => frame.refId !== options.configRefId);
  const limit = limits[0]?.fields[1].values.at(-1);
  for (const frame of rest) {
    frame.fields[1].config.thresholds = {
      mode: 'absolute',
      steps: [{ value: -Infinity, color: 'green' }, { value: limit ?? Infinity, color: 'red' }],
    };
  }
  return rest;
}

function put(config, path, value) {
  const [first, ...rest] = path.split('.');
  if (rest.length === 0) config[first] = value;
  else put((config[first] = { ...config[first] }), rest.join('.'), value);
}

function configure(frames, panel) {
  const { defaults, overrides } = panel.fieldConfig;
  let series = 0;
  for (const frame of frames) {
    for (const field of frame.fields) {
      const name = getFieldDisplayName(field, frame, frames);
      const config = structuredClone({ ...defaults, ...field.config });
      for (const { matcher, properties } of overrides) {
        if (!new RegExp(matcher.options.slice(1, -1)).test(name)) continue;
        for (const { id, value } of properties) put(config, id, structuredClone(value));
      }
      if (field.type === FieldType.time) Object.assign(config, { unit: undefined, custom: {} });
      for (const step of config.thresholds?.steps ?? []) step.value ??= -Infinity;
      field.config = config;
      field.state = { ...field.state, displayName: name, seriesIndex: field.type === FieldType.number ? series++ : 0 };
      if (config.color?.mode === FieldColorModeId.PaletteClassic && field.type !== FieldType.number) delete config.color;
      field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' });
    }
  }
  return frames;
}

export async function framesOf(panel, values, range, step) {
  const answers = await Promise.all(panel.targets.map((target) => ask(target, values, range, step)));
  let frames = panel.targets.flatMap((target, place) =>
    target.format === 'table'
      ? answers[place].length ? [tableFrame(target, answers[place], panel.targets.length > 1)] : []
      : answers[place].map((series) => seriesFrame(target, series, step))
  );
  for (const { id, options } of panel.transformations ?? []) {
    frames = id === 'configFromData'
      ? thresholdsFrom(frames, options)
      : await firstValueFrom(transformDataFrame([{ id, options }], frames));
  }
  return configure(frames, panel);
}

export async function labelValues(label, selector, range) {
  const parameters = new URLSearchParams({ 'match[]': selector, start: range.from, end: range.to });
  const answer = await fetch(`/api/v1/label/${label}/values?${parameters}`);
  return (await answer.json()).data;
}
